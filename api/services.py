"""Everything a route may need, made once for the app."""

import hmac
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request

from api.answering import Answering
from api.calendars.addresses import Addresses
from api.calendars.feed import Feed
from api.checks import Checks
from api.claiming import Claiming
from api.commands import Command, command_of
from api.drawer import Drawer
from api.enrolling import Enrolling
from api.entries import Entries, Kind, found, known
from api.evaluating import Evaluating
from api.exports.service import Exporter
from api.imports.archive import Archive
from api.imports.proposals import Proposals
from api.imports.reader import Reader
from api.imports.service import Importer
from api.imports.shapes import Lookup
from api.imports.undo import Undoing
from api.intake import Intake
from api.leaving import OpenRequests
from api.lives import PRACTICES
from api.living import Living
from api.notices.mailboxes import Mailboxes
from api.notices.outbox import Outbox
from api.notices.service import Notices
from api.ports import ApiPorts, Bell
from api.reading import Reading
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.resources import get_resource
from api.readmodel.tables import demands, resources
from api.settings import ApiSettings
from api.stream import Stream
from api.tending import Tending
from api.vault import Vault
from api.webhooks.collector import Collector
from api.webhooks.ledger import Ledger
from api.webhooks.service import Webhooks
from api.webhooks.subscriptions import Subscriptions
from api.words.index import Shelf
from api.writing import Writer
from schemas.demands import Demand, DemandPosted, DemandRevised
from schemas.resources import Resource, ResourceOffered, ResourceRevised

DEMAND = Kind(
    name="demand",
    model=Demand,
    find=found(get_demand, name="demand"),
    known=known(demands, name="demand"),
    id_of=lambda demand: demand.demand_id,
    posted_at=lambda demand: demand.posted_at,
    region_of=lambda demand: demand.community,
    posted=lambda demand: DemandPosted(demand=demand),
    revised=lambda demand: DemandRevised(demand=demand),
)
RESOURCE = Kind(
    name="resource",
    model=Resource,
    find=found(get_resource, name="resource"),
    known=known(resources, name="resource"),
    id_of=lambda resource: resource.resource_id,
    posted_at=lambda resource: resource.offered_at,
    region_of=lambda resource: resource.home,
    posted=lambda resource: ResourceOffered(resource=resource),
    revised=lambda resource: ResourceRevised(resource=resource),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of the app, wired to its ports."""

    ports: ApiPorts
    settings: ApiSettings
    reading: Reading
    writer: Writer
    checks: Checks
    demands: Entries[Demand]
    resources: Entries[Resource]
    answering: Answering
    claiming: Claiming
    enrolling: Enrolling
    living: Living
    evaluating: Evaluating
    tending: Tending
    vault: Vault
    importer: Importer
    undoing: Undoing
    exporter: Exporter
    intake: Intake
    addresses: Addresses
    feed: Feed
    stream: Stream
    webhooks: Webhooks
    words: Shelf
    notices: Notices
    under_way: OpenRequests

    def leave(self) -> None:
        """The server is about to stop: let listeners go, give requests a last moment."""
        self.stream.close()
        self.under_way.close()

    def command(self, request: Request) -> Command:
        """Return the command of a request."""
        return command_of(request, now=self.ports.clock.now())


def wire(ports: ApiPorts, settings: ApiSettings) -> Services:
    """Make the parts of the app."""
    reading = Reading(model=ports.read_model, changed=ports.changed, wait_s=settings.read_wait_s, before=ports.before)
    writer = Writer(
        sink=ports.sink, size=settings.ledger_size, source=settings.source, shard_width=settings.shard_width
    )
    vault = Vault(engine=ports.store, master_key=ports.master_key)
    horizon = timedelta(days=366 * settings.horizon_years)
    archive = Archive(ports.store)
    checks = Checks(catalogue=ports.catalogue, regions=ports.regions, horizon=horizon, admission=ports.admission)
    living = Living(reading=reading, writer=writer, checks=checks, practices=PRACTICES)
    proposals = Proposals(living=living, reading=reading)
    drawer = Drawer(engine=ports.store, master_key=ports.master_key)
    evaluating = Evaluating(living=living, reading=reading, drawer=drawer)
    subscriptions = Subscriptions(engine=ports.store, master_key=ports.master_key)
    return Services(
        ports=ports,
        settings=settings,
        reading=reading,
        writer=writer,
        checks=checks,
        demands=Entries(kind=DEMAND, reading=reading, writer=writer),
        resources=Entries(kind=RESOURCE, reading=reading, writer=writer),
        answering=Answering(reading=reading, writer=writer),
        claiming=Claiming(reading=reading, writer=writer),
        enrolling=Enrolling(reading=reading, writer=writer, vault=vault),
        living=living,
        evaluating=evaluating,
        tending=Tending(evaluating=evaluating, living=living, reading=reading, clock=ports.clock),
        vault=vault,
        importer=Importer(
            reader=Reader(most_rows=settings.max_import_rows),
            archive=archive,
            checks=checks,
            lookup=Lookup(ports.catalogue),
            kinds={"demands": DEMAND, "resources": RESOURCE},
            vault=vault,
            proposals=proposals,
            batch=settings.import_batch,
            reading=reading,
            writer=writer,
        ),
        undoing=Undoing(
            archive=archive, reading=reading, writer=writer, proposals=proposals, batch=settings.import_batch
        ),
        exporter=Exporter(reading=reading, catalogue=ports.catalogue),
        intake=Intake(living=living, vault=vault),
        addresses=Addresses(engine=ports.store, master_key=ports.master_key),
        feed=Feed(
            key=hmac.digest(ports.master_key, b"cobuild calendar uids", "sha256"),
            catalogue=ports.catalogue,
            regions=ports.regions,
        ),
        stream=Stream(reading=reading, changed=ports.changed, poll_s=settings.poll_s, size=settings.stream_buffer),
        webhooks=Webhooks(
            subscriptions=subscriptions,
            ledger=Ledger(ports.store),
            collector=Collector(engine=ports.store, model=ports.read_model),
            master_key=ports.master_key,
            private=settings.webhooks_private,
            woken=Bell(),
        ),
        words=Shelf(ports.catalogue),
        notices=Notices(
            outbox=Outbox(engine=ports.store, master_key=ports.master_key),
            mailboxes=Mailboxes(vault),
            subscriptions=subscriptions,
            emails=ports.outward is not None and ports.outward.letters is not None,
            woken=Bell(),
        ),
        under_way=OpenRequests(),
    )


def of(request: Request) -> Services:
    """Return the parts of the app that serves this request."""
    services: Services = request.app.state.services
    return services
