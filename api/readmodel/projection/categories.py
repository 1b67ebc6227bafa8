"""The category under which an item is counted."""

from schemas.catalogue import Catalogue


def category_of(catalogue: Catalogue, item: str) -> str:
    """Return the item's category; of an item that the catalogue does not know, the part before the dot.

    Refusing unknown items is the matcher's business: here nothing that is in the log gets lost.
    """
    known = catalogue.items.get(item)
    return known.category_id if known else item.partition(".")[0]
