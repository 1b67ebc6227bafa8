"""What fields of lives are called, and the words that they may hold, for forms and drawers that follow from tables.

A field of the same name means the same in every kind of life, so it has one label.
"""

from api.console.texts import Text

FIELDS: dict[str, Text] = {
    "about": Text("关联事项", "About"),
    "assignee": Text("承办", "Given to"),
    "by": Text("经办", "Who acts"),
    "community": Text("所在社区代码", "Community's code"),
    "detail": Text("说明", "Detail"),
    "due": Text("期限", "Due"),
    "id": Text("编号", "Id"),
    "list": Text("清单", "List"),
    "outcome": Text("结果", "Outcome"),
    "reason": Text("原因", "Reason"),
    "title": Text("标题", "Title"),
}
WORDS: dict[str, Text] = {
    "task": Text("任务清单", "task"),
    "problem": Text("问题清单", "problem"),
    "rectification": Text("整改清单", "rectification"),
}


def labels(language: str) -> dict[str, str]:
    """Return the labels of one language by the keys the page asks for."""
    fields = {f"field_{name}": getattr(text, language) for name, text in FIELDS.items()}
    return fields | {f"word_{name}": getattr(text, language) for name, text in WORDS.items()}
