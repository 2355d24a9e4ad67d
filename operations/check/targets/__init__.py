"""Proves each source and each target of the routes at the remote systems, by reading alone.

::

    prove      one line for each source project and each target
    placed     where they stand in the file
    answers    what an account answered, each question asked once for all targets
    procore, cinx, sources      what has to hold in each system
    history    the codes, types and units that a target would get
"""
