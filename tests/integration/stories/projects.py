"""What stories of projects share: a proposal, a joint meeting, an agreement, and projects that have come some way."""

from typing import Any

from tests.apiworld import COMMUNITY
from tests.stories.house import House

HALL = f"community:{COMMUNITY}"
STREET = "office:310105001000"
CENTRE = "unit:52310105MJ47000120"
MEMBER = "member:m-7f3a"


def proposal(**changes: Any) -> dict[str, Any]:
    return {"title": "长者午餐桌", "community": COMMUNITY, "by": STREET, "lead": HALL, "partners": [CENTRE]} | changes


async def proposed(house: House, **changes: Any) -> str:
    return f"/v1/projects/{(await house.post('/v1/projects', proposal(**changes)))['id']}"


async def met(house: House, *projects: str) -> str:
    """Hold a joint meeting on these projects."""
    agenda = [{"title": "项目评审", "about": f"project:{at.rpartition('/')[2]}"} for at in projects]
    call = {
        "title": "联席会议",
        "community": "310105001000",
        "by": STREET,
        "series": "street",
        "starts_at": "2026-11-21T14:00:00+08:00",
        "members": [STREET, HALL, CENTRE],
        "agenda": agenda,
    }
    meeting = f"/v1/meetings/{(await house.post('/v1/meetings', call))['id']}"
    await house.post(f"{meeting}:hold", {"by": STREET, "present": [STREET, HALL]})
    return meeting


async def approved(house: House, **changes: Any) -> str:
    at = await proposed(house, **changes)
    meeting = await met(house, at)
    await house.post(f"{meeting}:resolve", {"by": STREET, "item": 1, "text": "同意", "verdict": "approve"})
    return at


async def agreed(house: House, *parties: str, **changes: Any) -> str:
    clause = {"promise": "开放餐厅", "promised_by": parties[-1], "due": "2027-01-31T18:00:00+08:00"}
    draft = {
        "title": "共建协议",
        "community": COMMUNITY,
        "by": HALL,
        "signatories": parties,
        "clauses": [clause],
        "valid_from": "2026-11-21T00:00:00+08:00",
        "valid_to": "2027-11-20T00:00:00+08:00",
    }
    agreement = (await house.post("/v1/agreements", draft | changes))["id"]
    for party in parties:
        await house.post(f"/v1/agreements/{agreement}:sign", {"by": party})
    return str(agreement)


async def running(house: House, **changes: Any) -> str:
    at = await approved(house, **changes)
    await house.post(f"{at}:publicise", {"by": STREET, "days": 0, "reason": "已在社区公示栏公示"})
    await house.post(f"{at}:sign", {"by": HALL, "agreement": await agreed(house, HALL, CENTRE)})
    await house.post(f"{at}:staff", {"by": HALL, "posts": [{"title": "送餐", "people": [MEMBER]}]})
    await house.post(f"{at}:start", {"by": HALL})
    return at


async def accepted(house: House, **changes: Any) -> str:
    at = await running(house, **changes)
    await house.post(f"{at}:deliver", {"by": CENTRE, "outcome": "开桌四十天", "actual_beneficiaries": 41})
    await house.post(f"{at}:accept", {"by": HALL, "opinion": "老人们满意"})
    return at
