"""The co-building agreement 共建协议 as a document: parties, clauses, what was kept of them, and signatures. Pure."""

from collections.abc import Iterator
from datetime import datetime

from api.documents.model import Block, Document, Heading, Paragraph, Signatures, Table
from api.documents.names import Names
from schemas.lives.agreement import AGREEMENT, Agreement


def agreement_document(agreement: Agreement, names: Names, as_of: datetime) -> Document:
    """Return the agreement as it stood after the step it is at, which was taken at ``as_of``."""
    return Document(
        title=agreement.title,
        subtitle=names.said("共建协议", "Co-building agreement"),
        foot=foot(names, "agreement", agreement.id, agreement.step, as_of),
        as_of=as_of,
        blocks=tuple(_blocks(agreement, names)),
    )


def foot(names: Names, kind: str, life_id: str, step: int, as_of: datetime) -> str:
    """Return what stands below every page: of which record it is, and as of which step."""
    day = names.day(as_of)
    return names.said(
        f"由 {kind}:{life_id} 的记录生成 · 第 {step} 步 · {day}",
        f"From the record {kind}:{life_id} · step {step} · {day}",
    )


def _blocks(agreement: Agreement, names: Names) -> Iterator[Block]:
    said = names.said
    yield Table((), tuple(_facts(agreement, names)), (1, 3))
    if agreement.detail:
        yield Paragraph(agreement.detail)
    yield Heading(said("一、共建事项", "1. What is agreed"))
    head = (
        said("序号", "no."),
        said("承诺事项", "promise"),
        said("承诺方", "by"),
        said("资源", "resources"),
        said("数量", "quantity"),
        said("期限", "by when"),
    )
    rows = tuple(
        (
            str(number),
            clause.promise,
            names.party(clause.promised_by),
            "\n".join(names.entry(each) for each in clause.resources) or "—",
            str(clause.quantity),
            names.day(clause.due),
        )
        for number, clause in enumerate(agreement.clauses, start=1)
    )
    yield Table(head, rows, (2, 8, 5, 6, 3, 4))
    if agreement.fulfilments:
        yield from _fulfilments(agreement, names)
    yield Heading(said("签署", "Signatures"))
    yield Signatures(tuple(_signatures(agreement, names)), sign_here(names))


def sign_here(names: Names) -> str:
    """Return the line on which a party signs and seals."""
    return names.said("签字（盖章）：____________ 日期：________", "Signature, seal: ____________ date: ________")


def _facts(agreement: Agreement, names: Names) -> Iterator[tuple[str, str]]:
    said = names.said
    yield said("编号", "id"), agreement.id
    yield said("各方", "parties"), names.parties(agreement.signatories)
    yield said("社区", "community"), names.party(f"community:{agreement.community}")
    if agreement.project is not None:
        yield said("所属项目", "project"), agreement.project
    yield said("有效期", "in force"), f"{names.day(agreement.valid_from)} — {names.day(agreement.valid_to)}"
    yield said("状态", "state"), names.state(AGREEMENT.states, agreement.state)
    if agreement.reason is not None:
        yield said("说明", "reason"), agreement.reason


def _fulfilments(agreement: Agreement, names: Names) -> Iterator[Block]:
    said = names.said
    judged = {None: said("待确认", "open"), True: said("已确认", "confirmed"), False: said("不予确认", "disputed")}
    yield Heading(said("二、履行情况", "2. What was kept"))
    head = (
        said("条款", "clause"),
        said("数量", "quantity"),
        said("说明", "note"),
        said("日期", "day"),
        said("结果", "result"),
    )
    rows = tuple(
        (str(each.clause), str(each.quantity), each.note, names.day(each.at), judged[each.confirmed])
        for each in agreement.fulfilments
    )
    yield Table(head, rows, (2, 2, 8, 4, 4))


def _signatures(agreement: Agreement, names: Names) -> Iterator[tuple[str, str]]:
    signed = {each.by: each.at for each in agreement.signatures}
    for party in agreement.signatories:
        day = names.day(signed[party]) if party in signed else ""
        yield names.party(party), names.said(f"{day} 已在线签署", f"signed online on {day}") if day else ""
