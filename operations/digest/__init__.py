"""The daily e-mail: on every working day, also when there is nothing, since silence would mean that it is broken.

``schedule.py``       which day's is due
``sending_turns.py``  who sends it: one of several, at least once
``contents.py``       what there is to say, of the tables
``message.py``        how it is said
``mail.py``           to the mail server
``daily.py``          all of it, in this order
"""
