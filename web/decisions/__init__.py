"""Decisions by people: forms, and what becomes of them. Only where ``COR_WEB_DECISIONS`` says so.

``people.py``          who a proxy says that somebody is
``forms.py``           forms that only this page makes, for one person, of what that person saw
``form_decisions.py``  decisions one after the other, through ``operations``, as the commands make them
``submission.py``      the way of every form
``letters.py``         what is done about open items: one of them, or a group
``holds.py``           holds and releases
``proposals.py``       what waits for a second person
``followed.py``        what came of decisions
"""
