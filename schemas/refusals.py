"""Why something is refused: stable codes with a message for people, in Chinese and English.

The codes are a contract: API problems, import reports and dead letters all use them. Never rename one.
"""

from typing import NamedTuple

from pydantic import ValidationError


class Message(NamedTuple):
    """What a code says to people."""

    zh: str
    en: str


REFUSALS: dict[str, Message] = {
    "invalid_json": Message("内容不是有效的 JSON。", "The content is not valid JSON."),
    "invalid_value": Message("有字段填写不正确。", "A field does not hold a valid value."),
    "not_a_cloud_event": Message("缺少必需的 CloudEvents 头。", "Required CloudEvents headers are missing."),
    "unknown_event_type": Message("此主题不接受这种事件类型。", "This topic does not take this event type."),
    "wrong_key": Message("消息键与所在区划的分片不符。", "The record's key is not the shard of its region."),
    "unknown_item": Message("服务项目库中没有这个项目。", "The catalogue has no such item."),
    "unknown_qualification": Message("没有这种资质。", "There is no such qualification."),
    "bad_region": Message("区划代码格式不正确。", "The region code is not well formed."),
    "bad_uscc": Message("统一社会信用代码不正确。", "The unified social credit code is not valid."),
    "matter_not_admitted": Message(
        "此事项不在社区工作准入清单内，部门不得交由社区承担。",
        "This matter is not on the list of what departments may put on communities.",
    ),
    "impossible_window": Message("时间窗不成立。", "The time window is impossible."),
    "team_too_large": Message("一次组团的名额过多。", "A team asks for too many seats at once."),
    "window_passed": Message("时间窗已经过去。", "The time window has passed."),
    "capacity_of_a_person": Message("一名党员的一项技能一次只能服务一处。", "A member's skill has one seat at a time."),
    "personal_data": Message(
        "公开文字中不能包含手机号或身份证号。", "Public texts must not hold phone or identity numbers."
    ),
    "duplicate_id": Message("这个编号已被使用。", "This id is already in use."),
    "duplicate_enrolment": Message(
        "此类报到已存在，不能重复报到。", "There is already an active enrolment of this kind."
    ),
    "not_opted_in": Message("党员本人未同意记录积分。", "The member has not asked for points to be kept."),
    "not_in_emergency": Message("此区划未转入战时。", "No emergency is in force in this region."),
    "not_enrolled": Message("未在这个社区报到。", "Whoever it is for is not enrolled in this community."),
    "not_qualified": Message("缺少所要求的资质。", "A qualification that is asked for is missing."),
    "not_of_class": Message("此类党员不以这种方式报到。", "Members of this class do not report in this way."),
    "not_found": Message("没有找到。", "There is no such entry."),
    "stale_version": Message("条目已被他人更新，请刷新后重试。", "The entry has changed since; reload and try again."),
    "version_required": Message(
        "请用 If-Match 说明所依据的版本。", "Say with If-Match which version you mean to change."
    ),
    "already_withdrawn": Message("条目已撤回。", "The entry was withdrawn before."),
    "not_answerable": Message(
        "这个匹配当前状态不能这样答复。", "The assignment cannot be answered so in its present state."
    ),
    "not_possible_now": Message(
        "按办理流程，当前状态下不能这样做。", "In its present state its life cycle has no such step."
    ),
    "overtaken": Message(
        "他人刚刚先办了一步，请刷新后再看。", "Somebody else took a step just before; reload and look again."
    ),
    "not_yours": Message("这一步不由该主体办理。", "This step is not for this party."),
    "already_held": Message("已被占用。", "It is taken by another."),
    "slot_taken": Message("这个时段的名额已满。", "No place is left at that time."),
    "more_than_open": Message("超过了还空着的名额。", "That is more than is still open."),
    "more_than_ordered": Message("超过了下单的数量。", "That is more than was ordered."),
    "over_spent": Message("超过了可用余额。", "That is more than is left."),
    "not_reversible": Message("这一笔不能冲销。", "This entry cannot be reversed."),
    "not_bookable": Message("这项资源不需要预约，或当前不开放。", "It is not to be booked, or not open at present."),
    "outside_hours": Message("不在开放时段内。", "It is not open at that time."),
    "too_short_notice": Message("未按要求提前预约。", "It asks for more notice than that."),
    "not_admitted": Message("这项资源不对该主体开放。", "It does not admit this party."),
    "too_early": Message("还没有到时间。", "It is too early for that."),
    "not_delivered": Message(
        "还没有完成的服务，不能确认。", "Nothing of it was delivered yet, so it cannot be confirmed."
    ),
    "wish_too_large": Message("超出微心愿的限额。", "It is too much for a micro-wish."),
    "unknown_reference": Message("所引用的条目不存在。", "What it refers to does not exist."),
    "not_ready": Message("还有前提没有完成。", "Something else has to be done first."),
    "already_done": Message("已经办过，不能重复办理。", "This was done before and is not done twice."),
    "not_a_party": Message("不是当事方，不能办理。", "Only those whom it concerns may do this."),
    "too_late": Message("期限已过。", "The time for this is over."),
    "notice_running": Message("公示期未满，不能签约。", "Its public notice is not over: it cannot be signed yet."),
    "over_budget": Message("超出这一行预算的余额。", "That line of the budget has less left."),
    "evaluation_sealed": Message(
        "各方评价齐备或期限届满之前，评价不公开。", "Evaluations stay sealed until all are in or the time is over."
    ),
    "evaluation_differs": Message("与封存的评价不一致。", "It is not the evaluation that was sealed."),
    "idempotency_key_reused": Message(
        "同一 Idempotency-Key 已用于不同内容。", "The Idempotency-Key was used with a different content."
    ),
    "idempotency_key_in_use": Message("相同请求正在处理。", "The same request is being handled right now."),
    "unreadable_file": Message(
        "无法读取此文件，请另存为 XLSX 或 CSV 后再导入。",
        "The file cannot be read; save it as XLSX or CSV and import that.",
    ),
    "missing_columns": Message("表格缺少必需的列。", "The sheet lacks required columns."),
    "file_too_large": Message("文件过大。", "The file is too large."),
    "read_model_behind": Message(
        "数据尚未更新到所要求的位置，请稍后重试。", "The lists have not reached that position yet."
    ),
    "bad_position": Message("位置标记格式不正确。", "The position is not well formed."),
    "bad_cursor": Message("翻页游标无效。", "The cursor is not valid."),
    "method_not_allowed": Message("此地址不支持这种方法。", "This address does not take this method."),
    "record_too_large": Message("内容过大。", "The content is too large."),
    "internal_error": Message("系统出错，已记录。", "Something went wrong on our side; it was recorded."),
    "unavailable": Message(
        "服务正在启动或恢复，请稍后重试。", "The service is starting or recovering; try again soon."
    ),
    "unauthorized": Message("需要有效的访问令牌。", "A valid access token is needed."),
    "unsupported_media_type": Message("不支持这种内容类型。", "This content type is not taken here."),
    "shard_is_fixed": Message(
        "不能移到另一分片的区划；请撤回后重新登记。",
        "An entry cannot move to another shard; withdraw it and post it anew.",
    ),
    "other_shard": Message(
        "资源与需求不在同一分片，不能认领。", "Demand and resource are not of one shard; a claim cannot join them."
    ),
    "channel_unavailable": Message("这种方式现在不能发送通知。", "Nothing can be sent that way now."),
    "address_not_allowed": Message(
        "不能向这个地址发送：只接受公网上的 https 地址。",
        "This address is not taken: only https on the public internet is.",
    ),
    "sits_elsewhere": Message(
        "空余名额已升级到上级，由上级寻找，不能认领。",
        "Its open seats were escalated: the level above looks for help, and a claim cannot join them.",
    ),
    "field_is_fixed": Message("此字段不能修改。", "This field cannot be changed."),
    "too_many_rows": Message("表格行数过多。", "The sheet has too many rows."),
    "unknown_word": Message("不认识这个词，请从下拉列表中选择。", "This word is not known; choose one from the list."),
    "bad_time": Message("时间格式不正确。", "The time is not well formed."),
    "bundle_differs": Message(
        "同一条需求的各行，这一列须与第一行相同，或者留空。",
        "In the rows of one demand this column must be as in the first, or blank.",
    ),
    "bundle_refused": Message(
        "同一条需求的其他行有误，整条未导入。", "Another row of the demand is wrong, so none of it was taken."
    ),
    "matched_meanwhile": Message(
        "已有匹配，不能撤销；请先处理匹配，再撤回条目。",
        "It was matched meanwhile; see to the match first, then withdraw the entry.",
    ),
    "has_entries": Message(
        "名下已有资源或需求，未撤销。", "It offers or asks for something by now, so it was left as it is."
    ),
    "changed_meanwhile": Message(
        "导入后已被修改，未撤销。", "It was changed after the import, so it was left as it is."
    ),
}


class Refused(ValueError):  # noqa: N818 - it is what the product says: refused, with a reason
    """Bad input, told by a stable code, with the particulars in ``detail``."""

    def __init__(self, code: str, detail: str = "", *, field: str | None = None) -> None:
        if code not in REFUSALS:
            raise KeyError(code)
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.field = field


class FieldRefusal(NamedTuple):
    """One field that did not validate."""

    field: str
    code: str
    detail: str


def refusals_of(error: ValidationError) -> list[FieldRefusal]:
    """Return what Pydantic found, field by field, under our stable codes and without echoing the input."""
    parts = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        FieldRefusal(".".join(str(step) for step in part["loc"]), *told_by(part["type"], part["msg"])) for part in parts
    ]


def told_by(kind: str, message: str) -> tuple[str, str]:
    """Return code and detail for a Pydantic error of this type and message."""
    if kind == "json_invalid":
        return "invalid_json", message
    text = message.removeprefix("Value error, ")
    head, _, rest = text.partition(": ")
    return (head, rest) if head in REFUSALS else ("invalid_value", text)
