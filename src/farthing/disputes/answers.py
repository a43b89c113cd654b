"""Answering the bank: a draft that anybody on the staff may edit, then one promise, which a job keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from farthing import events, jobs
from farthing.catalog import Catalog
from farthing.db import Transaction
from farthing.disputes import evidence, store
from farthing.disputes.model import Answer, AnswerKind, Dispute, check_answerable, check_evidence, edited
from farthing.errors import Conflict
from farthing.ids import DisputeAnswerId, DisputeId
from farthing.lifecycles import DISPUTE_ANSWER, AnswerStatus, DisputeStatus


@dataclass(frozen=True, slots=True)
class Pack:
    """What would be sent, or was. `answer` is None while nobody has edited what our records say."""

    dispute: Dispute
    evidence: Mapping[str, str]
    answer: Answer | None


async def evidence_of(tx: Transaction, catalog: Catalog, id: DisputeId) -> Pack:
    """The newest evidence: the draft, or what was sent; where there is neither, what our records say. Changes nothing."""
    return await _pack(tx, catalog, await store.get(tx, id))


async def save_evidence(tx: Transaction, catalog: Catalog, id: DisputeId, changes: Mapping[str, str | None]) -> Pack:
    """Keep a draft with some texts changed; an empty one is taken out. Raises Invalid, or Conflict where it is too late."""
    dispute = await store.lock(tx, id)
    pack, draft = await _ready(tx, catalog, dispute)
    changed = edited(pack.evidence, changes)
    if draft is None:
        draft = _new(tx, dispute, "evidence", changed)
        await store.insert_answer(tx, draft)
    else:
        draft = replace(draft, evidence=changed, written_by=tx.actor)
        await store.save_answer(tx, draft)
    await events.record(
        tx, "dispute.evidence_saved", order=dispute.order_id, dispute=dispute.id, reason=", ".join(changes) or "as collected"
    )
    return Pack(dispute, changed, draft)


async def submit(tx: Transaction, catalog: Catalog, id: DisputeId) -> Answer:
    """Promise the bank our evidence; a job sends it. Banks take evidence once: it cannot be edited afterwards."""
    dispute = await store.lock(tx, id)
    pack, draft = await _ready(tx, catalog, dispute)
    check_evidence(pack.evidence)
    if not pack.evidence:
        raise Conflict(f"There is no evidence for {id}: write some first.")
    kind: AnswerKind = "appeal" if dispute.status == DisputeStatus.APPEAL_NEEDS_RESPONSE else "evidence"
    return await _promise(tx, dispute, draft, replace(draft or _new(tx, dispute, kind, pack.evidence), kind=kind))


async def accept(tx: Transaction, id: DisputeId) -> Answer:
    """Promise to tell the bank that the buyer is right; a job tells it. The money is lost, and the fee."""
    dispute = await store.lock(tx, id)
    await _check(tx, dispute)
    return await _promise(tx, dispute, None, _new(tx, dispute, "acceptance", {}))


async def mark_sent(tx: Transaction, id: DisputeAnswerId) -> None:
    """The provider has it. The caller holds the dispute's lock."""
    answer = await store.get_answer(tx, id)
    if not DISPUTE_ANSWER.allows(answer.status, "send"):
        return
    dispute = await store.get(tx, answer.dispute_id)
    sent = replace(answer, status=DISPUTE_ANSWER.move(answer.status, "send"), sent_at=tx.now)
    await store.save_answer(tx, sent)
    await events.record(tx, "dispute.answered", order=dispute.order_id, dispute=dispute.id, answer=answer.id, kind=answer.kind)


async def refuse(tx: Transaction, id: DisputeAnswerId, reason: str) -> None:
    """The provider said no, and meant it: for somebody to see. What was written is the next draft's beginning."""
    answer = await store.get_answer(tx, id)
    dispute = await store.lock(tx, answer.dispute_id)
    answer = await store.get_answer(tx, id)
    if not DISPUTE_ANSWER.allows(answer.status, "refuse"):
        return
    refused = replace(answer, status=DISPUTE_ANSWER.move(answer.status, "refuse"), refusal=reason)
    await store.save_answer(tx, refused)
    await events.record(
        tx, "dispute.answer_refused", order=dispute.order_id, dispute=dispute.id, answer=answer.id, failure=reason
    )


async def _pack(tx: Transaction, catalog: Catalog, dispute: Dispute) -> Pack:
    written = [answer for answer in await store.answers_of(tx, dispute.id) if answer.kind != "acceptance"]
    # After an appeal, or an inquiry that became a dispute, what was sent before answers another question.
    current = [answer for answer in written if answer.status != AnswerStatus.SENT or not dispute.needs_answer]
    if current:
        return Pack(dispute, current[-1].evidence, current[-1])
    return Pack(dispute, await evidence.collect(tx, catalog, dispute), None)


async def _ready(tx: Transaction, catalog: Catalog, dispute: Dispute) -> tuple[Pack, Answer | None]:
    """What may be edited and sent now, and the draft that holds it, if there is one."""
    await _check(tx, dispute)
    pack = await _pack(tx, catalog, dispute)
    draft = pack.answer if pack.answer is not None and pack.answer.status == AnswerStatus.DRAFT else None
    return pack, draft


async def _check(tx: Transaction, dispute: Dispute) -> None:
    check_answerable(dispute, tx.now)
    promised = [answer for answer in await store.answers_of(tx, dispute.id) if answer.status == AnswerStatus.PROMISED]
    if promised:
        raise Conflict(f"{dispute.id} is being answered: {promised[0].kind} was promised, and is on its way.")


async def _promise(tx: Transaction, dispute: Dispute, draft: Answer | None, answer: Answer) -> Answer:
    promised = replace(answer, status=DISPUTE_ANSWER.move(answer.status, "promise"), promised_at=tx.now, written_by=tx.actor)
    if draft is None:
        await store.insert_answer(tx, promised)
    else:
        await store.save_answer(tx, promised)
    await jobs.schedule(tx, "disputes.send_answer", answer=str(promised.id))
    await events.record(
        tx, "dispute.answer_promised", order=dispute.order_id, dispute=dispute.id, answer=promised.id, kind=promised.kind
    )
    return promised


def _new(tx: Transaction, dispute: Dispute, kind: AnswerKind, texts: Mapping[str, str]) -> Answer:
    return Answer(
        id=DisputeAnswerId.new(),
        dispute_id=dispute.id,
        kind=kind,
        status=AnswerStatus.DRAFT,
        evidence=texts,
        written_by=tx.actor,
        drafted_at=tx.now,
        promised_at=None,
        asked_at=None,
        sent_at=None,
        refusal=None,
    )
