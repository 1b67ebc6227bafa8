"""What lies in the read model.

Nothing here is the truth: every row follows from the log, and a database of another ``SCHEMA`` is dropped and
filled again. Columns hold what lists filter, sort or sum by; ``body`` holds the entry whole, as JSON.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from api.readmodel.instants import Instant

SCHEMA = 11
"""Grows with every change to a table or to how it is filled."""

UNIT = "unit"
"""By what a unit reports, where members report by unit link or by residence."""

LIVE = ("proposed", "confirmed")
"""Phases of an assignment that hold a seat of both sides."""

metadata = MetaData()

_Serial = BigInteger().with_variant(Integer, "sqlite")

meta = Table("meta", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False))

offsets = Table(
    "offsets",
    metadata,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)

units = Table(
    "units",
    metadata,
    Column("party", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("community", String, nullable=False),
    Column("kind", String, nullable=False),  # the first two characters of its USCC
    Column("industry_system", String),
    Column("is_active", Boolean, nullable=False),
    Column("enrolled_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_units_time", "enrolled_at", "party"),
    Index("ix_units_community", "community"),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("member_ref", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("member_class", String, nullable=False),
    Column("home_unit", String),
    Column("community", String, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("enrolled_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_enrolments_time", "enrolled_at", "member_ref", "kind"),
    Index("ix_enrolments_community", "community", "member_class"),
)

movements = Table(
    "movements",
    metadata,
    Column("party", String, primary_key=True),
    Column("kind", String, primary_key=True),  # unit | unit_link | residence
    Column("version", Integer, primary_key=True),
    Column("is_arrival", Boolean, nullable=False),
    Column("member_class", String),
    Column("community", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("to", String),  # where who left went, if it was said
    Index("ix_movements_community", "community", "at"),
    sqlite_with_rowid=False,
)
"""Every arrival and departure: registers by month come from here, and who left before an arrival was read."""

resources = Table(
    "resources",
    metadata,
    Column("resource_id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),  # published | suspended | withdrawn
    Column("reason", String),
    Column("provider", String, nullable=False),
    Column("title", String, nullable=False),
    Column("item", String, nullable=False),
    Column("category", String, nullable=False),
    Column("home", String, nullable=False),
    Column("place", String, nullable=False),  # the home, with its grid where that is known
    Column("capacity", Integer, nullable=False),
    Column("renewable", Boolean, nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("valid_to", Instant),
    Column("changed_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_resources_time", "offered_at", "resource_id"),
    Index("ix_resources_home", "home", "offered_at", "resource_id"),
    Index("ix_resources_provider", "provider", "offered_at", "resource_id"),
)

resource_seats = Table(
    "resource_seats",
    metadata,
    Column("resource_id", String, primary_key=True),
    Column("live", Integer, nullable=False),
    Column("fulfilled", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How many seats are held and were fulfilled; apart from ``resources``, as an assignment may be read first."""

demands = Table(
    "demands",
    metadata,
    Column("demand_id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),  # open | partly_matched | matched | fulfilled | lapsed | withdrawn
    Column("withdrawn", Boolean, nullable=False),
    Column("reason", String),
    Column("requester", String, nullable=False),
    Column("title", String, nullable=False),
    Column("community", String, nullable=False),
    Column("place", String, nullable=False),  # the community, with its grid where that is known
    Column("urgency", String, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("filled", Integer, nullable=False),
    Column("fulfilled", Integer, nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("sits_in", Text),  # other shards in which open seats sit, as JSON; NULL: none
    Column("body", Text, nullable=False),
    Index("ix_demands_time", "posted_at", "demand_id"),
    Index("ix_demands_community", "community", "posted_at", "demand_id"),
    Index("ix_demands_state", "state", "posted_at", "demand_id"),
    Index("ix_demands_requester", "requester", "posted_at", "demand_id"),
)

demand_lines = Table(
    "demand_lines",
    metadata,
    Column("demand_id", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("item", String, nullable=False),
    Column("category", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("filled", Integer, nullable=False),
    Column("fulfilled", Integer, nullable=False),
    sqlite_with_rowid=False,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("kind", String, primary_key=True),  # resource | demand
    Column("entity_id", String, primary_key=True),
    sqlite_with_rowid=False,
)
"""Entries that were withdrawn before they were ever put on the list."""

lapses = Table(
    "lapses",
    metadata,
    Column("demand_id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The newest version of a demand whose open seats a round let lapse; apart, as the round may be read first."""

transfers = Table(
    "transfers",
    metadata,
    Column("shard", String, primary_key=True),  # whose round lets the seats go
    Column("round_no", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String, nullable=False),  # escalated | asked | returned | sent_home
    Column("to", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("demand_id", String, nullable=False),
    Column("community", String, nullable=False),  # "" for what was returned: it does not say
    Column("categories", String, nullable=False),  # with a space before and after each
    Column("seats", Text, nullable=False),  # pairs of line and seat, as JSON
    Column("cause", String),
    Column("waited_minutes", BigInteger),
    Column("resource_id", String),
    Column("state", String, nullable=False),  # waiting | held | passed_on | returned | served | gone
    Index("ix_transfers_time", "kind", "at", "shard", "round_no", "number"),
    Index("ix_transfers_to", "to", "state", "at"),
    Index("ix_transfers_demand", "demand_id"),
)
"""Seats of demands on their way between shards; the state of what was escalated is kept true by what is read later."""

moved_seats = Table(
    "moved_seats",
    metadata,
    Column("demand_id", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("seat", Integer, primary_key=True),
    Column("community", String, nullable=False),
    Column("shard", String, nullable=False),  # where it sits
    Column("level", String, nullable=False),  # the shard that looks for help: the one that asked, where one did
    Column("away", Boolean, nullable=False),  # whether that is another shard than its own
    Column("since", Instant, nullable=False),  # when it came to that level
    Column("state", String, nullable=False),  # waiting | held | served | gone
    Index("ix_moved_seats_away", "away", "state", "level"),
    sqlite_with_rowid=False,
)
"""Every seat that was ever with another shard, and where it is now."""

assignments = Table(
    "assignments",
    metadata,
    Column("assignment_id", String, primary_key=True),
    Column("shard", String, nullable=False),
    Column("round_no", BigInteger, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("demand_id", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("seat", Integer, nullable=False),
    Column("demand_version", Integer, nullable=False),
    Column("resource_id", String, nullable=False),
    Column("resource_seat", Integer, nullable=False),
    Column("resource_version", Integer, nullable=False),
    Column("requester", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("item", String, nullable=False),
    Column("offered_item", String, nullable=False),
    Column("category", String, nullable=False),
    Column("community", String, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("margin", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
    Column("auto_accepted", Boolean, nullable=False),
    Column("answer_by", Instant),
    Column("phase", String, nullable=False),  # as rounds have it: proposed | confirmed | revoked | expired | fulfilled
    Column("phase_round", BigInteger, nullable=False),
    Column("phase_at", Instant, nullable=False),
    Column("reason", String),
    Column("answer", String),  # the answer that counts: accepted | declined | done | no_show
    Column("answered_at", Instant),
    Column("state", String, nullable=False),  # as people see it; see assignment_state
    Index("ix_assignments_time", "proposed_at", "assignment_id", "community"),
    Index("ix_assignments_demand", "demand_id", "line", "phase"),
    Index("ix_assignments_resource", "resource_id", "proposed_at"),
    Index("ix_assignments_provider", "provider", "proposed_at"),
    Index("ix_assignments_requester", "requester", "proposed_at"),
    Index("ix_assignments_state", "state", "proposed_at", "assignment_id"),
)

answers = Table(
    "answers",
    metadata,
    Column("assignment_id", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("shard", String, nullable=False),
    Column("answer", String, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", String),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
"""Every answer, in the order of the log; apart, as it may be read before its assignment."""

claims = Table(
    "claims",
    metadata,
    Column("claim_id", String, primary_key=True),
    Column("shard", String, nullable=False),
    Column("by", String, nullable=False),
    Column("demand_id", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("resource_id", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("dropped", Boolean, nullable=False),
    Index("ix_claims_time", "made_at", "claim_id"),
    Index("ix_claims_demand", "demand_id", "made_at", "claim_id"),
    Index("ix_claims_resource", "resource_id", "made_at", "claim_id"),
)

claim_outcomes = Table(
    "claim_outcomes",
    metadata,
    Column("claim_id", String, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("rule", String),
    Column("round_no", BigInteger, nullable=False),
    Column("decided_at", Instant, nullable=False),
)
"""What rounds made of claims; apart, as the round may be read before the claim."""

shards = Table(
    "shards",
    metadata,
    Column("shard", String, primary_key=True),
    Column("round_no", BigInteger, nullable=False),  # of its newest round
    Column("decided_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

rounds = Table(
    "rounds",
    metadata,
    Column("shard", String, primary_key=True),
    Column("round_no", BigInteger, primary_key=True),
    Column("decided_at", Instant, nullable=False),
    Column("cause", String, nullable=False),
    Column("policy", String, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("proposals", Integer, nullable=False),
    Column("transitions", Integer, nullable=False),
    Column("lapsed", Integer, nullable=False),
    Column("pairs", BigInteger, nullable=False),
    Column("line_seats", BigInteger, nullable=False),
    Column("resource_seats", BigInteger, nullable=False),
    Column("components", Integer, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),  # RoundDecided as JSON, zlib
    Index("ix_rounds_time", "decided_at", "shard", "round_no"),
)

feed = Table(
    "feed",
    metadata,
    Column("seq", _Serial, primary_key=True, autoincrement=True),
    Column("event_id", String, nullable=False, unique=True),
    Column("type", String, nullable=False),  # proposed | confirmed | revoked | expired | fulfilled
    Column("at", Instant, nullable=False),
    Column("shard", String, nullable=False),
    Column("community", String, nullable=False),
    Column("category", String, nullable=False),
    Column("assignment_id", String, nullable=False),
    Column("round_no", BigInteger, nullable=False),
    Column("reason", String),
    Index("ix_feed_time", "at"),
)
"""One row per assignment event, once each; ``seq`` grows in the order of commits, for there is one writer."""

lives = Table(
    "lives",
    metadata,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("shard", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("holds", String),  # of the open lives of a kind and shard, one at most holds a name
    Column("community", String, nullable=False),
    Column("place", String, nullable=False),  # the community, with its grid where that is known
    Column("title", String, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("since", Instant, nullable=False),  # when it came to its state
    Column("due_at", Instant),  # when it is overdue; NULL: never
    Column("body", Text, nullable=False),
    Index("ix_lives_time", "kind", "opened_at", "id"),
    Index("ix_lives_community", "kind", "community", "opened_at", "id"),
    Index("ix_lives_due", "due_at"),
    Index("ix_lives_holds", "kind", "shard", "holds"),
)
"""Every life as its steps add up: tasks, projects, …; ``body`` is the record of its kind."""

steps = Table(
    "steps",
    metadata,
    Column("seq", _Serial, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("id", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("event_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("before", String),  # the state it led from; NULL at birth
    Column("after", String, nullable=False),
    Column("since", Instant),  # when it had come to that state
    Column("community", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("due_at", Instant),  # when the life was overdue as it stood after the step; NULL: never
    Column("body", Text, nullable=False),  # the step as it travelled
    Index("ix_steps_life", "kind", "id", "step", unique=True),
    Index("ix_steps_event", "event_id"),
    Index("ix_steps_time", "at", "kind", "community"),
    Index("ix_steps_party", "by", "at"),
)
"""What was done, in the order it was read: histories, times in each stage, and reports come from here."""

life_shares = Table(
    "life_shares",
    metadata,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("shard", String, nullable=False),
    Column("name", String, nullable=False),  # what it takes of
    Column("amount", Integer, nullable=False),  # 0 once it takes nothing any more
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index("ix_life_shares_name", "name", "kind", "ends_at"),
)
"""What open lives take of something that has room for so much at any one moment: slots of venues, ordered seats."""

life_parties = Table(
    "life_parties",
    metadata,
    Column("party", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    sqlite_with_rowid=False,
)
"""Whom a life concerns, or ever concerned."""

void_steps = Table(
    "void_steps",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("id", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("code", String, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
"""Steps that came too late, or that the table does not allow: void for everybody, and not forgotten."""

deadletters = Table(
    "deadletters",
    metadata,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("code", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("refused_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_deadletters_time", "refused_at", "topic", "partition", "offset"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("region", String, primary_key=True),  # a prefix of 0, 2, 4, 6, 9 or 12 digits, or a grid of a community
    Column("category", String, primary_key=True),  # or "" for all categories together
    Column("parent", String),  # the region one level up
    Column("open_demands", BigInteger, nullable=False),
    Column("open_seats", BigInteger, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("filled", BigInteger, nullable=False),
    Column("fulfilled", BigInteger, nullable=False),
    Column("resources", BigInteger, nullable=False),
    Column("live", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("enrolments", BigInteger, nullable=False),
    Index("ix_tallies_parent", "parent", "category"),
)
"""Running sums per region of every level, so that an overview never counts entries."""

stages = Table(
    "stages",
    metadata,
    Column("region", String, primary_key=True),  # as in tallies
    Column("kind", String, primary_key=True),
    Column("state", String, primary_key=True),
    Column("parent", String),
    Column("here", BigInteger, nullable=False),  # lives that stand in the state
    Column("left", BigInteger, nullable=False),  # lives that have left it
    Column("stayed", BigInteger, nullable=False),  # seconds that those stayed, added up
    Index("ix_stages_parent", "parent", "kind"),
)
"""Running sums of lives per region of every level and state: how many stand there, how long others stayed."""
