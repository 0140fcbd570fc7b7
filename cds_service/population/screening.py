"""A whole screening, from the export to the report. Read `screen` first: it tells the story.

Everything that is done lies in the work folder, each piece whole or absent, so that a screening that was killed is gone
on with where it was. When all is written the work folder is removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Protocol

import orjson

from cds_service.population import results, storage
from cds_service.population.crew import Crew
from cds_service.population.export import Export, InputFile, deleted_in, find_export
from cds_service.population.faults import ScreeningFault
from cds_service.population.gathering import gather_task, knowledge_for, look_for_problems
from cds_service.population.groups import groups_of
from cds_service.population.heap import judge_group
from cds_service.population.interest import SIZE, set_bit, slices_with_conditions
from cds_service.population.medications import index_medications
from cds_service.population.options import Options
from cds_service.population.plan import Job, Plan, asked_before, plan_of, stamp_in, write_plan

WORK = "work"
AT_LENGTH = frozenset({"broken", "tally"})
Told = dict[int, dict[str, Any]]
Advance = Callable[[int, int], None]
"""Told the steps that were done, and the patients."""


class Progress(Protocol):
    """Shows how far a part of the work is."""

    def __call__(self, title: str, steps: int) -> AbstractContextManager[Advance]: ...


def screen(options: Options, crew: Crew, progress: Progress, say: Callable[[str], None]) -> dict[str, Any]:
    """Screen the export and write the results into `options.out`; gives back the counts.

    Errors: ScreeningFault, ConfigurationFault.
    """
    knowledge_for(options.policy)
    export = find_export(options.export)
    plan = plan_of(export)
    job = begin(options, plan, export, say)
    _find_interest(job, plan, export, crew, progress)
    gathered = _gather(job, plan, crew, progress)
    if late := {hashed for told in gathered.values() for hashed in told["late"]}:
        gathered = _gather_again(job, plan, late, crew, progress)
    if not storage.exists(job.place("copies.json")):
        copies = index_medications(job)
        storage.write(job.place("copies.json"), orjson.dumps(copies))
    judged = _judge(job, crew, progress)
    counts = results.write(options, job, export, plan, gathered, judged)
    storage.remove(job.work)
    return counts


def begin(options: Options, plan: Plan, export: Export, say: Callable[[str], None]) -> Job:
    """The job, begun anew or gone on with. Errors: ScreeningFault when --resume cannot be done."""
    work = storage.join(options.out, WORK)
    asked = options.asked() | {"files": [_told(file) for file in export.files], "versions": _versions(options)}
    asked = orjson.loads(orjson.dumps(asked))
    before = asked_before(work)
    differs = _difference(before, asked) if before is not None else ""
    if options.resume and differs:
        raise ScreeningFault(
            f"{work}: cannot be gone on with, {differs} is not what it was. Remove it, or leave --resume"
        )
    if before is None or differs:
        if before is not None:
            say(f"what was begun before is given up: {differs} is not what it was")
        storage.remove(work)
        storage.make_folder(work)
        key = secrets.token_bytes(32) if options.deidentified else b""
        storage.write(storage.join(work, "key"), key)
        write_plan(plan, asked, work)
    else:
        say("going on with what was begun before")
    key = storage.read(storage.join(work, "key"))
    return Job(work, stamp_in(work), options.on, options.policy, plan.partitions, options.over_time, key)


def begun_as_of(out: str) -> date | None:
    """The day of the screening that was begun in this folder: it is gone on with also after midnight."""
    before = asked_before(storage.join(out, WORK))
    return date.fromisoformat(before["asOf"]) if before else None


def _told(file: InputFile) -> list[Any]:
    return [file.name, file.size, file.changed, file.digest]


def _versions(options: Options) -> list[str]:
    stamp = knowledge_for(options.policy).stamp
    return [stamp.service_version, stamp.knowledge_version, stamp.mappings_version, *stamp.changed_thresholds]


def _difference(before: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """The first thing that is not what it was; of the input the file."""
    for name in asked:
        if name == "files" and before.get(name) != asked[name]:
            known = {file[0]: file for file in before.get(name) or ()}
            changed = [file[0] for file in asked[name] if known.pop(file[0], None) != file]
            return f"the input ({', '.join([*changed, *known][:3])})"
        if before.get(name) != asked[name]:
            return name
    return ""


def _find_interest(job: Job, plan: Plan, export: Export, crew: Crew, progress: Progress) -> None:
    """Who has a problem that may be about either disease: everybody else's lines are only counted."""
    if storage.exists(job.place("interest.json")):
        return
    chosen = slices_with_conditions(plan)
    bits = bytearray(SIZE)
    with progress("looking for problems", sum(plan.slices[number].weight for number in chosen)) as advance:
        for (_, slices), found in crew.each(look_for_problems, [(job, (number,)) for number in chosen]):
            for hashed in found:
                set_bit(bits, hashed)
            advance(sum(plan.slices[number].weight for number in slices), 0)
    storage.write(job.place("interest.bits"), bytes(bits))
    looked_through = {"slices": chosen, "deleted": sorted(deleted_in(export.deleted))}
    storage.write(job.place("interest.json"), orjson.dumps(looked_through))


def _gather(job: Job, plan: Plan, crew: Crew, progress: Progress) -> Told:
    weights = [sum(plan.slices[number].weight for number in task) for task in plan.tasks]
    return _each(job, "gather", gather_task, weights, crew, progress, "reading")


def _gather_again(job: Job, plan: Plan, late: Iterable[int], crew: Crew, progress: Progress) -> Told:
    """Once more, when problems turned up in files in which nobody looked for any."""
    bits = bytearray(storage.read(job.place("interest.bits")))
    for hashed in late:
        set_bit(bits, hashed)
    for task in range(len(plan.tasks)):
        storage.remove(job.place(f"gather-{task:05d}.json"))
    storage.write(job.place("interest.bits"), bytes(bits))
    return _gather(job, plan, crew, progress)


def _judge(job: Job, crew: Crew, progress: Progress) -> Told:
    return _each(job, "rows", judge_group, [1] * len(groups_of(job)), crew, progress, "judging")


def _each(
    job: Job, name: str, do: Callable[..., Any], weights: list[int], crew: Crew, progress: Progress, title: str
) -> Told:
    """A function for each number, except for those that were done before; what each of them told.

    What it told at length, broken lines and what the report is drawn from, stays on the disk.
    """
    done: Told = {}
    there = storage.names_in(job.work)
    with progress(title, sum(weights)) as advance:
        for number, weight in enumerate(weights):
            if (path := f"{name}-{number:05d}.json") in there:
                told = orjson.loads(storage.read(job.place(path)))
                done[number] = {key: value for key, value in told.items() if key not in AT_LENGTH}
                advance(weight, 0)
        left = [(job, number) for number in range(len(weights)) if number not in done]
        for (_, number), told in crew.each(do, left):
            done[number] = told
            advance(weights[number], sum(told.get("judged", {}).values()))
    return dict(sorted(done.items()))
