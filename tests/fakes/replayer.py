"""A replayer without a log: a round comes out as recorded where its certificate holds."""

from schemas.replay import RoundReplay
from schemas.rounds import RoundDecided


class FakeReplayer:
    """See ``api.ports.Replayer``."""

    async def replay(self, recorded: RoundDecided) -> RoundReplay:
        return RoundReplay(
            shard=recorded.shard,
            round_no=recorded.round_no,
            outcome="equal" if recorded.certificate.holds else "different",
            policy=recorded.policy,
            solver=recorded.solver,
            other_solver=False,
        )
