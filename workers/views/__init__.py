"""The stage ``views``: what the topics tell, as SQL tables that people's questions are answered from.

``tables.py``             the tables; ``stable_views.py`` the SQL views that other tools may read
``folds/``                one topic each: records to rows, by upserts that repetition and order do not change
``sums.py``               what the log adds up to, kept beside it
``batch.py``              a batch of records and the offsets behind it, in one database transaction
``generation.py``         which tables: a release's version of them, made of these very topics
``sqlite_store.py``, ``postgresql_store.py``  where generations lie, and how the one that is read is exchanged
``shares.py``             what of a change order each destination of today's routes is to hold
``stage.py``              the loop
"""
