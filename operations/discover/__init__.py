"""``cor discover``: what the accounts can see, and a first configuration of it.

::

    lists            the lists that an account has, and what a row of each says
    discover         reads them one by one, as far as the calls reach
    memory           what was read, kept in a folder, so that a second run goes on
    fits             which projects of two systems are probably one
    guessed_routes   a route for each of them, for a person to look at
    configuration    a configuration with these routes, and every byte that a person has written
    cost_codes       the cost codes that were seen, as a spreadsheet that keeps what people fill in
"""
