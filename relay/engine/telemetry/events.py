"""The names of the engine's and the stages' log events. They are stable: alerts are built on them."""

from __future__ import annotations

from typing import Final

STAGE_STARTED: Final = "stage.started"
"""A stage's thread runs. Fields: stage."""

STAGE_ENDED: Final = "stage.ended"
"""A stage ended as asked. Fields: stage."""

PROCESS_STOPPING: Final = "process.stopping"
"""The process was told to end, or has nothing left to do: its stages finish the call in hand, settle and end. Fields:
stages, seconds (how long they may take)."""

PROCESS_REFUSED: Final = "process.refused"
"""The process ends before a stage of it began, with the sentence that says why. Fields: error, message."""

STAGE_FAILED: Final = "stage.failed"
"""A stage raised; the process ends with exit code 1. ``message`` says what to do, and ``exception`` where an
unforeseen error came up, which is to be reported. Fields: stage, error, message."""

STAGE_RESTARTED: Final = "stage.restarted"
"""A commit was not certain, or Kafka or the registry did not answer: the stage goes on from what is
committed. Fields: stage, message, pause."""

STAGE_OVERRAN: Final = "stage.overran"
"""A stage did not end within the shutdown budget and was abandoned. Fields: stage, stack."""

CONFIGURATION_TAKEN_OVER: Final = "configuration.taken_over"
"""A changed configuration file is in force. Fields: file."""

CONFIGURATION_REFUSED: Final = "configuration.refused"
"""A changed configuration file is wrong; the last good one stays. Fields: file, problems."""

TOPIC_LOST: Final = "topics.lost"
"""A topic was deleted, was made again, or has lost its beginning; the stages that work on it stop, and ``cor status``
names it. Fields: topic, message."""

TOPICS_NOT_RECORDED: Final = "topics.not_recorded"
"""The ids of these topics are not written down, so that one which was made again before this start is not noticed: run
``cor topics apply``. Field: topics."""

TOPICS_NOT_SEEN: Final = "topics.not_seen"
"""Kafka did not tell whether topics are what they were; it is asked again. Field: message."""

TELEMETRY_SERVED: Final = "telemetry.served"
"""Where /livez, /readyz and /metrics are served. Fields: address, port."""

LIBRARY: Final = "library"
"""A library wrote to the standard log. Fields: message, and the library's logger."""

KAFKA_NOT_READY: Final = "kafka.not_ready"
"""Kafka does not answer yet, or refuses us; it is tried again for a stated time. Field: message."""

PROVISIONING_AWAITED: Final = "provisioning.awaited"
"""Topics are missing, or it is not written down what a name stands for; that is looked for again for a stated time.
Field: message."""

REGISTRY_NOT_READY: Final = "registry.not_ready"
"""The schema registry does not answer yet, or refuses us; it is tried again for a stated time. Field: message."""

KAFKA_NO_ANSWER: Final = "kafka.no_answer"
"""No broker can be reached while reading; it goes on by itself when one is back. Fields: group, message."""

KAFKA_ASSIGNED: Final = "kafka.assigned"
"""The group was balanced anew. Fields: group, partitions (their number)."""

PROCORE_TIERS_DIFFER: Final = "procore.tiers_differ"
"""A contract looks like another number of tiers than its route states. Fields: account, contract, stated,
shown."""

CINX_TEMPLATE_READ: Final = "cinx.template_read"
"""What CINX's import takes was read for the first time since the start. Fields: account, version, last_updated."""

CINX_TEMPLATE_CHANGED: Final = "cinx.template_changed"
"""CINX imports POCOs by another version of its template than when it was last read, or (at a start) than the
account's ``template_version``: look whether the routes still say what they should. Fields: account, known, found."""

CINX_FIELD_REFUSED: Final = "cinx.field_refused"
"""A target of a route sets a field of the POCO that the live template does not have or does not take so; its
change orders become letters with the same reason until it is corrected. Fields: account, route, target, field,
template (its version), reason, message."""

CINX_NOT_MARKED: Final = "cinx.not_marked"
"""A POCO that was adopted does not carry our references and is known by its guid in the ledger alone. Fields:
account, origin_id, message."""

CARRIER_DEFECT: Final = "writer.carrier_defect"
"""The relay itself failed around a call; its outcome counts as unknown. Fields: tenant, step."""

PLAN_DEFECT: Final = "writer.plan_defect"
"""The relay itself failed over one change order: a letter, or a wait if in doubt. Fields: origin_id, command."""

RECORD_DEFECT: Final = "engine.record_defect"
"""The relay itself failed over one record, or over what it was to write of one: that record ends in a letter and the
others go on. Fields: stage, subject, and message or the error itself."""

ANSWER_LOST: Final = "writer.answer_lost"
"""Whether a call was applied is unknown; it is read back. Fields: tenant, step, records, message."""

HELD: Final = "writer.held"
"""A tenant, a host or a destination waits. Fields: scope, kind, sentence."""

RELEASED: Final = "writer.released"
"""A hold has ended. Fields: scope, kind."""

RECORD_FOREIGN: Final = "engine.record_foreign"
"""A record on one of the relay's own topics has a key that nothing of ours writes; it is passed over. Find out who
writes there. Fields: topic, partition, offset, key."""

RECORDS_WITHHELD: Final = "engine.records_withheld"
"""A batch on one of the relay's own topics would take more memory than any of ours may, or cannot be unfolded; it is
passed over. Find out who writes there. Fields: topic, partition, offset (of the last record), message."""

DIRECTORY_NOT_WRITTEN: Final = "engine.directory_not_written"
"""What a project, contract or purchase order is called could not be written to the directory; the next reading of it
tries again. Fields: topic, message."""

STATE_UNREADABLE: Final = "writer.state_unreadable"
"""A record of the inbox or ledger cannot be read: its change order is frozen, its hold holds, and there is a letter.
Fields: topic, partition, offset, key, message."""

CONTROL_UNREADABLE: Final = "control.unreadable"
"""A record of the control topic under a key of ours cannot be read. A hold among them holds what it could be about;
``cor release`` ends it. Fields: topic, partition, offset, key, message."""

CONTROL_NOT_FOLLOWED: Final = "control.not_followed"
"""The control topic could not be read, or what stages say of themselves could not be written there; it is tried again.
Field: message."""

CONTROL_TOO_OLD: Final = "writer.control_too_old"
"""The control topic could not be read for a send window: nothing new is written until it can. Fields: stage,
seconds."""

CONTROL_READ_AGAIN: Final = "writer.control_read_again"
"""The control topic is read again, and writing goes on. Field: stage."""

PEOPLE_HOLD: Final = "control.hold"
"""A person's hold stands. Fields: hold, subject, message (who, since when, why)."""

PEOPLE_HOLD_RELEASED: Final = "control.hold_released"
"""A person's hold was released. Field: hold."""

VERSIONS_WRITTEN: Final = "control.versions_written"
"""Which members run decides anew in which versions records are written. Fields: earlier (records of which an earlier
version than this release's newest is written, with its number), message."""

OWNER_RESTARTED: Final = "writer.owner_restarted"
"""A commit was not certain: the partition was fenced and restored. Fields: partition, message."""

PARTITION_OWNED: Final = "writer.partition_owned"
"""A partition was fenced and restored; its work begins. Fields: stage, partition."""

PARTITION_LOST: Final = "writer.partition_lost"
"""A partition went to another instance. Fields: stage, partition."""

POLL_DONE: Final = "poll.done"
"""An account was polled. Fields: system, account, sweep, published, requests, seconds."""

POLL_FAILED: Final = "poll.failed"
"""A poll of an account did not end; it is tried again. Fields: system, account, failure, message, pause."""

ACCOUNT_HELD: Final = "poll.account_held"
"""Credentials are refused: the account waits until a probe succeeds, the others go on. Fields: system,
account, message, pause."""

ACCOUNT_RELEASED: Final = "poll.account_released"
"""A held account answers again. Fields: system, account."""

POLL_STATE_UNREADABLE: Final = "poll.state_unreadable"
"""What is kept of an account or of one of its change orders cannot be read: it is taken over from the newest events, or
observed anew, so that its event may be published once more. Fields: topic, partition, offset, key, message."""

POLL_STATE_RECALLED: Final = "poll.state_recalled"
"""Poll state was lost, and taken over again from the newest events. Fields: system, account, recalled."""

CURRENT_FILLED: Final = "poll.current_filled"
"""What was observed before the topic of the newest events was there stands on it now. Fields: system, account,
filled."""

EVENT_UNREADABLE: Final = "poll.event_unreadable"
"""An event that was published before cannot be read, and is left out of the newest ones until its change order changes.
Fields: topic, partition, offset, message."""

DELETIONS_ASKED: Final = "poll.deletions_asked"
"""A sweep would delete too much and published nothing: a person has to look. Fields: system, account,
letter, missing, known, sentence."""

ROW_UNREADABLE: Final = "poll.row_unreadable"
"""A row of a listing cannot be told from others; it became a letter. Fields: system, account, letter, why."""

CHANGE_ORDER_POSTPONED: Final = "poll.postponed"
"""A change order was not published this time; the next polls try again. Fields: system, account,
change_order_id, why."""

PROJECT_DENIED: Final = "poll.project_denied"
"""A project may not be read: it is left out, the others are polled. Fields: account, project, message."""

LETTER_SETTLED: Final = "letters.settled"
"""The keeper settled a letter of the mapper. Fields: letter, change_order, why."""

LETTER_REDRIVEN: Final = "letters.redriven"
"""The keeper sent a letter again, as a policy says. Fields: letter, change_order, reason, attempt."""

LETTER_NOT_REDRIVEN: Final = "letters.not_redriven"
"""A policy names a letter that cannot be sent again. Fields: letter, reason, why."""

RECORD_SKIPPED: Final = "letters.record_skipped"
"""The keeper cannot read a letter or an outcome; it stays where it is. Fields: topic, partition, offset, message."""

VIEWS_PUBLISHED: Final = "views.published"
"""Tables that were built anew have everything, and are read from now on. Fields: generation, place."""

VIEWS_RECORD_LEFT_OUT: Final = "views.record_left_out"
"""A record cannot be read or kept: it is in none of the tables but the one of these. Field: message."""

VIEWS_OVERTAKEN: Final = "views.overtaken"
"""Another instance has folded the same records; this one goes on behind them. Field: message."""
