"""The main job, shown on one machine: ``python -m deploy.demo``, or ``make demo``.

Kafka, a schema registry, the three simulated systems and every stage run as processes of their own.
What people do in the simulated systems, and what an operator does with ``cor``, is told line by line;
at the end the simulators' state is compared with what the source and the routes say it must be.
"""
