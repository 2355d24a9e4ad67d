"""The control topic, as stages see it: what people ask of them, and what they state of themselves there.

One follower for a process (:mod:`.follower`) reads the topic to its end before any stage works, and then follows it on
a thread of its own. What stands there it folds (:mod:`.topic_state`). Each stage has a membership (:mod:`.membership`):
it takes the newest view at the beginning of a turn, works by that view alone, and at the turn's end says what it owns;
the follower states it on the topic. So a stated offset means that the stage itself obeys everything before it.
"""
