"""What was read of a statement about measures, as the members it was read from."""

from typing import Any

from ledger.core.times import format_time
from ledger.statements.dataset import DatasetRegistration
from ledger.statements.decision import Decision, SideDecision
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure_review import MeasureReview
from ledger.statements.measure_rules import Cite, MeasureRule, Table
from ledger.statements.observation import Observation

Written = dict[str, Any]


def given_only(**members: Any) -> Written:
    """Members without those that are None."""
    return {name.rstrip("_"): value for name, value in members.items() if value is not None}


def pairs(scenarios: frozenset[tuple[str, str]] | None) -> list[Written] | None:
    return (
        None
        if scenarios is None
        else [{"scheme": scheme, "code": code} for scheme, code in sorted(scenarios)]
    )


def words(of: frozenset[str] | None) -> list[str] | None:
    return None if of is None else sorted(of)


def cite(value: Cite | None) -> Written | None:
    return None if value is None else given_only(**value._asdict())


def time(value: int | None) -> str | None:
    return None if value is None else format_time(value)


def hexed(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def some(values: Any) -> Any:
    """A list, None where it is empty."""
    return values or None


def table(value: Table | None) -> Written | None:
    if value is None:
        return None
    persons = {bound.count: given_only(atLeast=bound.at_least, below=bound.below) for bound in value.persons}
    return given_only(
        category=words(value.categories),
        grade=words(value.grades),
        scenario=pairs(value.scenarios),
        flow=words(value.flows),
        exemption=words(value.exemptions),
        mechanism=words(value.mechanisms),
        dataTypes=words(value.data_types),
        purpose=words(value.purposes),
        legalBasis=words(value.legal_bases),
        criticalInfrastructure=value.critical_infrastructure,
        relation=words(value.relations),
        zone=value.zone,
        persons=some(persons),
    )


def rule(value: MeasureRule) -> Written:
    return given_only(
        id=value.id,
        if_=table(value.table),
        when=value.when,
        outcome=value.outcome,
        mechanisms=some(list(value.mechanisms)),
        conditions=some(list(value.conditions)),
        documents=some(list(value.documents)),
        reason=value.reason,
        cite=cite(value.cite),
        delegable=some(value.delegable),
    )


def policy(value: PolicyMeasure) -> Written:
    pilot, joint, target = value.pilot, value.joint, value.targeting
    return given_only(
        authority=given_only(**value.authority._asdict()),
        number=value.number,
        version=value.version,
        supersedes=hexed(value.supersedes),
        kind=value.kind,
        applies=given_only(direction=value.direction, jurisdiction=value.jurisdiction, zone=value.zone),
        publishedAt=time(value.published_at),
        effectiveFrom=time(value.effective_from),
        effectiveUntil=time(value.effective_until),
        reviewBy=value.review_by,
        emergency=some(value.emergency),
        visibility=value.visibility,
        **words_of(value),
        legalBasis=[cite(each) for each in value.legal_basis],
        objectives=words(value.objectives),
        delegatesTo=some([given_only(**each._asdict()) for each in value.delegates_to]),
        overrides=some(words(value.overrides)),
        joint=joint and {"threshold": joint.threshold, "authorities": words(joint.authorities)},
        pilot=pilot
        and {
            "parties": [{"scheme": scheme, "id": id_} for scheme, id_ in sorted(pilot.parties)],
            "sunset": time(pilot.sunset),
        },
        scenarios=some(pairs(value.scenarios)),
        vocabularies=some(
            [{"scheme": each.scheme, "codes": words(each.codes)} for each in value.vocabularies]
        ),
        relations=some(
            [
                given_only(
                    relation=each.relation,
                    jurisdiction=each.jurisdiction,
                    from_=time(each.begins),
                    until=time(each.until),
                    reason=each.reason,
                )
                for each in value.relations
            ]
        ),
        targeting=given_only(
            mode=target.mode,
            ids=some(words(target.ids)),
            basis=target.basis
            and {
                "sha256": target.basis.sha256.hex(),
                "date": target.basis.date,
                "reviewBy": target.basis.review_by,
            },
        ),
        alternativesConsidered=hexed(value.alternatives_considered),
        proportionality=hexed(value.proportionality),
        requires=None if value.year_offset is None else {"exporterTimeZone": offset(value.year_offset)},
        rules=[rule(each) for each in value.rules],
    )


def words_of(value: PolicyMeasure) -> Written:
    """Its titles and its texts."""
    texts = [
        {"language": text.language, "sha256": text.sha256.hex(), "mediaType": text.media_type}
        for text in value.texts
    ]
    titles = [{"language": language, "text": text} for language, text in value.titles]
    return {"title": titles, "texts": texts}


def offset(seconds: int) -> str:
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def side(value: SideDecision | None) -> Written | None:
    if value is None:
        return None
    lines = [
        given_only(
            line=line.line,
            outcome=line.outcome,
            reasons=[
                given_only(
                    measure=each.measure.hex(), rule=each.rule, reason=each.reason, cite=cite(each.cite)
                )
                for each in line.reasons
            ],
            missing=some(list(line.missing)),
        )
        for line in value.lines
    ]
    return {"outcome": value.outcome, "lines": lines}


def decision(value: Decision) -> Written:
    direction, line = value.strictest
    return given_only(
        transfer=value.transfer.hex(),
        at=time(value.at),
        engine=value.engine,
        measures=[{**used._asdict(), "digest": used.digest.hex()} for used in value.measures],
        outcome=value.outcome,
        outbound=side(value.outbound),
        inbound=side(value.inbound),
        mechanisms=None if value.declared is None else list(value.mechanisms),
        declared=value.declared,
        conditions=some(list(value.conditions)),
        strictest={"direction": direction, "line": line},
    )


def dataset(value: DatasetRegistration) -> Written:
    classification = value.classification
    return given_only(
        holder=given_only(**value.holder._asdict()),
        reference=value.reference,
        version=value.version,
        supersedes=hexed(value.supersedes),
        category=value.category,
        grade=value.grade,
        classification=given_only(
            by=classification.by,
            date=classification.date,
            criteria=[cite(each) for each in classification.criteria],
            measure=hexed(classification.measure),
        ),
        location=words(value.location),
        description=value.description,
        dataTypes=some(words(value.data_types)),
        scenarios=some(pairs(value.scenarios)),
    )


def review(value: MeasureReview) -> Written:
    return given_only(
        measure=value.measure.hex(),
        at=time(value.at),
        engine=value.engine,
        findings=[given_only(**finding._asdict()) for finding in value.findings],
        provenAt=time(value.proven_at),
        noticeDays=value.notice_days,
        languages=some(words(value.languages)),
        answers=hexed(value.answers),
        supersedes=hexed(value.supersedes),
    )


def observation(value: Observation) -> Written:
    return given_only(
        statement=value.statement.hex(),
        kind=value.kind,
        at=time(value.at),
        pointer=value.pointer,
        detail=value.detail,
        evidence=some([digest.hex() for digest in value.evidence]),
        supersedes=hexed(value.supersedes),
    )
