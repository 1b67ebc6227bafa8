"""Filling the read model.

The rules, which make the end state the same however topics interleave:

1. An event below the stored offset of its partition is passed over.
2. An entity's newest version counts; an equal or older one changes nothing; withdrawn is for good.
   That two shards use one id for two things is kept out by whoever gives the ids (the API, an importer).
3. What may be read before the entry it speaks of (answers, lapses, seats held, departures) lies in a table of its own.
4. Counts and states of demands follow from assignments, lapses and versions, never from the order of arrival.
5. An assignment's phase only moves forward: by round, and within a round proposed, confirmed, ended.
6. What the matcher refuses (an unknown item, a stale version) is not listed: it is among the dead letters.
7. The first record of a (shard, round number) counts.
8. A step of a life is what its table makes of it (``schemas.lifecycle``); what the table refuses is void.
9. A transfer is known by its round and its place in it. Where a seat sits follows from all of its transfers.
"""
