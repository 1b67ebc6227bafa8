"""The catalogue as Open311 has it: an item is a service, its category the group, and what else a request may say."""

from typing import Any

from api.imports.words import ZH
from schemas.catalogue import Catalogue, Item
from schemas.demands import Beneficiary, Urgency

VERSION = "2026-11-21T00:00:00Z"
"""When what is offered here last changed."""


def discovery(root: str) -> dict[str, Any]:
    """Return where the service is; ``root`` is the address of this server."""
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{root}/open311/v2",
        "changeset": VERSION,
        "type": "production",
        "formats": ["application/json", "text/xml"],
    }
    return {
        "changeset": VERSION,
        "contact": "Cobuild 共建",
        "key_service": "Whoever runs this server gives out the api_key.",
        "endpoints": [endpoint],
    }


def service(item: Item, catalogue: Catalogue) -> dict[str, Any]:
    """Return an item as a service."""
    category = catalogue.categories[item.category_id]
    return {
        "service_code": item.item_id,
        "service_name": item.zh,
        "description": item.en,
        "metadata": True,
        "type": "realtime",
        "keywords": f"{category.zh},{category.en}",
        "group": category.zh,
    }


def definition(item: Item) -> dict[str, Any]:
    """Return what a request for an item says beside the text."""
    choices = {"urgency": (Urgency.NORMAL, Urgency.URGENT), "beneficiary": tuple(Beneficiary)}
    plain = (
        ("community", "string", True, "社区代码，12 位 Community, 12 digits; or address_id"),
        ("grid", "string", False, "网格 Grid, such as G03-02"),
        ("quantity", "number", False, "名额，不填为 1 Seats, 1 by default"),
        ("start", "datetime", False, "最早开始，不填为现在 Not before; now by default"),
        ("end", "datetime", False, "最晚结束，不填为 14 天后 Not after; in 14 days by default"),
        ("urgency", "singlevaluelist", False, "紧急程度 Urgency"),
        ("beneficiary", "singlevaluelist", False, "受益对象 For whom"),
    )
    attributes = [
        {
            "variable": True,
            "code": code,
            "datatype": datatype,
            "required": required,
            "datatype_description": "",
            "order": place,
            "description": description,
            "values": [{"key": choice.value, "name": ZH[choice]} for choice in choices.get(code, ())],
        }
        for place, (code, datatype, required, description) in enumerate(plain, start=1)
    ]
    return {"service_code": item.item_id, "attributes": attributes}
