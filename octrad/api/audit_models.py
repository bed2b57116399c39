"""AuditModels: what a client would submit, as a work to be judged; and the judgement as a message."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from octra_proto.v1 import audit_pb2
from octrad.api.authorise import current_caller
from octrad.api.local_model import is_local_loaded
from octrad.api.method_rights import Right, require_role
from octrad.api.model_choice import choose_models
from octrad.api.parts import Parts
from octrad.api.plain_text import require_plain_text
from octrad.api.roles import AccessRole
from octrad.api.submission import require_request_size
from octrad.api.task_messages import timestamp
from octrad.foundation.errors import InvalidRequestError
from octrad.gateway.audits import Probed, RateLimit
from octrad.gateway.calls import ModelRole
from octrad.pipeline.audit.audit_models import Auditor, AuditScope, ChainReport, ModelReport, Report, audit_models
from octrad.pipeline.audit.audit_questions import Work, stand_in
from octrad.pipeline.project_files import word_files
from octrad.pipeline.questions.question_roles import roles_of_work
from octrad.pipeline.relevant_files import ListedFile, choose_files

_PROBES: Final = Right(AccessRole.MEMBER, "have providers asked with their keys (`--no-probe` leaves that out)")


async def answer_audit(parts: Parts, message: audit_pb2.AuditModelsRequest) -> audit_pb2.AuditModelsResponse:
    """Judges the chains for what a message would submit. Its grade is not known, so the work may come to be divided.

    Raises:
        RoleRequiredError: the caller may not use the keys, and asked for that.
        InvalidRequestError: the request, the role or a model's name can never be accepted.
        ConfigurationError: no model is configured, or not as it must be.
    """
    if message.probe:
        require_role(current_caller(), _PROBES)
    config = parts.config
    require_request_size(message.request, config.limits.request_bytes)
    require_plain_text(message.request, "request")
    roles = _roles_of(message.role) or roles_of_work(divided=True, words_note=config.advisor.model_wording)
    chain = choose_models(message.model, config, is_local_loaded=await is_local_loaded(parts, message.model))
    library = parts.library.current
    auditor = Auditor(parts.gateway, parts.database, library.stacks, library.guides, config.limits)
    scope = AuditScope(chain, roles, divided=True, probe=message.probe)
    return _response(await audit_models(auditor, work_of(message), scope))


def work_of(message: audit_pb2.AuditModelsRequest) -> Work:
    """The work of a message. Where the content of a file that matters is not there, text of its size stands in."""
    files = tuple(_listed(file) for file in message.files)
    by_path = {file.path: file for file in message.files}
    shown = [(path, _content(by_path[path])) for path in choose_files(files)]
    return Work(message.request, files, word_files([(path, text) for path, text in shown if text is not None]))


def _roles_of(role: str) -> tuple[ModelRole, ...]:
    if not role:
        return ()
    if role not in set(ModelRole):
        known = ", ".join(ModelRole)
        raise InvalidRequestError(f"{role[:80]!r} is not a role with models", field="role", hint=f"known: {known}")
    return (ModelRole(role),)


def _listed(file: audit_pb2.RepositoryFile) -> ListedFile:
    return ListedFile(file.path, file.size_bytes, "symlink" if file.is_symlink else "file")


def _content(file: audit_pb2.RepositoryFile) -> str | None:
    """The text of a file; None for a binary one, which no prompt shows."""
    if not file.HasField("content"):
        return stand_in(file.size_bytes)
    if b"\0" in file.content:
        return None
    return file.content.decode(errors="replace")


def _response(report: Report) -> audit_pb2.AuditModelsResponse:
    audited = [model.audited for chain in report.chains for model in chain.models]
    return audit_pb2.AuditModelsResponse(
        chains=[_chain(chain) for chain in report.chains],
        stuck_roles=[role.value for role in report.stuck_roles],
        fewest_calls=report.fewest_calls,
        most_calls=report.most_calls,
        least_usd=report.least_usd,
        most_usd=report.most_usd,
        probes_made=len({one.model.provider for one in audited if one.probed and not one.probed.earlier}),
    )


def _chain(report: ChainReport) -> audit_pb2.ChainAudit:
    return audit_pb2.ChainAudit(
        roles=[role.value for role in report.roles],
        keys=report.keys,
        models=[_model(model) for model in report.models],
        order=[model.audited.model.name for model in report.asked],
    )


def _model(report: ModelReport) -> audit_pb2.ModelAudit:
    audited, model = report.audited, report.audited.model
    return audit_pb2.ModelAudit(
        name=model.name,
        provider=model.provider,
        rehearsal=model.rehearsal,
        rank=report.rank,
        viable=audited.viable,
        failure_class="" if audited.viable else audited.hindrances[0].outcome.value,
        hindrances=[one.words for one in audited.hindrances],
        remarks=audited.remarks,
        context_tokens=model.context_tokens,
        output_tokens=model.output_tokens,
        questions=[
            audit_pb2.QuestionSize(question=one.question, input_tokens=one.input_tokens) for one in audited.questions
        ],
        approximate=audited.approximate,
        input_usd_per_million=model.input_usd_per_million,
        output_usd_per_million=model.output_usd_per_million,
        prices_from=audited.prices_from,
        least_usd=report.least_usd,
        most_usd=report.most_usd,
        probe=None if audited.probed is None else _probe(audited.probed),
        passed_over=audited.passed_over,
    )


def _probe(probed: Probed) -> audit_pb2.KeyProbe:
    return audit_pb2.KeyProbe(
        model=probed.model,
        outcome=probed.outcome.value,
        error=probed.error,
        at=timestamp(datetime.fromtimestamp(probed.at_ms / 1000, UTC)),
        earlier=probed.earlier,
        limits=_limits(probed.limits),
    )


def _limits(limits: Sequence[RateLimit]) -> list[audit_pb2.KeyLimit]:
    return [
        audit_pb2.KeyLimit(name=one.name, limit=one.limit, remaining=one.remaining, resets_in_s=one.resets_in_s)
        for one in limits
    ]
