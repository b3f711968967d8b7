"""A person at a bench: the sheet that goes out, everything they may do to it, and what is read."""

import csv
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.files import FilesAdapter
from adapters.sheets import render
from adapters.testing import job_for, job_of, plan_for
from agent.core.adapter import Handle, Outcome
from agent.core.job import Job, SampleRef
from agent.errors import Refused, Unreachable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASKED = {"yield": "%", "purity": "%"}
HEADER = "job,trial,temperature [°C],solvent [-],yield [%],purity [%],comment"


@pytest.fixture
def adapter(tmp_path: Path) -> FilesAdapter:
    later = datetime.now(UTC) + timedelta(hours=1)
    return FilesAdapter(FilesAdapter.Settings(folder=tmp_path), now=lambda: later)


@pytest.fixture
def job() -> Job:
    point = {"temperature": (80.0, "°C"), "solvent": "=cmd()"}
    return job_of(plan_for(point, ASKED, trial="k-T0001"), plan_for(point, ASKED, trial="k-T0002"))


def send(adapter: FilesAdapter, job: Job) -> Handle:
    handles = [adapter.prepare(job)]
    adapter.start(job, handles[0], handles.append)
    return handles[-1]


def fill(
    adapter: FilesAdapter,
    job: Job,
    *rows: str,
    header: str = HEADER,
    place: str = "done",
    encoding: str = "utf-8-sig",
) -> Outcome:
    handle = send(adapter, job)
    folder = adapter.settings.folder
    (folder / place).mkdir(exist_ok=True)
    if place != "to_do":
        (folder / "to_do" / f"{job.id}.csv").unlink()
    text = "\n".join([header, *(row.replace("JOB", job.id) for row in rows)])
    (folder / place / f"{job.id}.csv").write_text(text, encoding=encoding)
    return adapter.collect(job, handle)


def short(outcome: Outcome) -> list[tuple[object, ...]]:
    return [
        (m.trial[-1], m.objective, m.replicate, m.value, m.low, m.high, m.void)
        for m in outcome.measurements
    ]


def test_the_sheet_that_goes_out(adapter: FilesAdapter, job: Job) -> None:
    send(adapter, job)
    (sheet,) = (adapter.settings.folder / "to_do").iterdir()
    content = sheet.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert ",".join(rows[0]) == HEADER
    assert rows[1] == [job.id, "k-T0001", "80.0", "'=cmd()", "", "", ""]
    assert rows[2][1] == "k-T0002"


def test_a_filled_sheet(adapter: FilesAdapter, job: Job) -> None:
    outcome = fill(
        adapter,
        job,
        "JOB,k-T0001,80.0,'=cmd(),55.5,<0.5,a bit brown",
        "JOB,k-T0002,80.0,'=cmd(),>90,void: vial broke,",
    )
    assert outcome.state == "done"
    assert short(outcome) == [
        ("1", "yield", 1, 55.5, None, None, None),
        ("1", "purity", 1, None, None, 0.5, None),
        ("2", "yield", 1, None, 90.0, None, None),
        ("2", "purity", 1, None, None, None, "vial broke"),
    ]
    assert {m.unit for m in outcome.measurements} == {"%"}
    assert outcome.message == "k-T0001: a bit brown"
    assert outcome.raw is not None
    assert outcome.raw.startswith("job,trial")


def test_replicates_and_what_was_left_blank(adapter: FilesAdapter, job: Job) -> None:
    outcome = fill(adapter, job, "JOB,k-T0001,80,'=cmd(),1,2,", ",k-T0001,,,3,,", ",,,,,,")
    assert short(outcome) == [
        ("1", "yield", 1, 1.0, None, None, None),
        ("1", "purity", 1, 2.0, None, None, None),
        ("1", "yield", 2, 3.0, None, None, None),
        ("2", "yield", 1, None, None, None, "left blank"),
        ("2", "purity", 1, None, None, None, "left blank"),
    ]


def test_what_was_executed(adapter: FilesAdapter, job: Job) -> None:
    header = HEADER + ",executed temperature [°C]"
    outcome = fill(adapter, job, ",k-T0001,80,,1,2,,81.5", ",k-T0002,80,,1,2,,", header=header)
    assert [m.executed for m in outcome.measurements] == [
        *[{"temperature": 81.5, "solvent": "=cmd()"}] * 2,
        *[None] * 2,
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_german_excel(adapter: FilesAdapter, job: Job, encoding: str) -> None:
    outcome = fill(
        adapter,
        job,
        "JOB;k-T0001;80,0;'=cmd();55,5;<0,5;braun, trüb",
        "JOB;k-T0002;80;'=cmd();1;2;",
        header=HEADER.replace(",", ";"),
        encoding=encoding,
    )
    assert outcome.state == "done", outcome.message
    assert [m.value for m in outcome.measurements] == [55.5, None, 1.0, 2.0]
    assert outcome.message == "k-T0001: braun, trüb"


@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        (HEADER, 'JOB,k-T0001,80,,"55,5",2,', "line 2, column 'yield': '55,5' has a comma"),
        (HEADER, "JOB,k-T0001,80,,85 %,2,", "write only the number"),
        (HEADER, "JOB,k-T0009,80,,1,2,", "'k-T0009' is no trial of this job"),
        (HEADER, "other,k-T0001,80,,1,2,", "belongs to another job"),
        (HEADER, "JOB,k-T0001,85,,1,2,", "executed temperature [°C]"),
        (HEADER, "JOB,k-T0001,80,THF,1,2,", "executed solvent [-]"),
        (HEADER, "JOB,k-T0001,80,,1,2,,surplus", "more cells than the header"),
        (HEADER.replace("yield [%]", "yield"), "JOB,k-T0001,80,,1,2,", "has no unit"),
        (HEADER.replace("yield [%]", "colour [-]"), "JOB,k-T0001,80,,1,2,", "is not known"),
        (HEADER.replace("yield [%],", ""), "JOB,k-T0001,80,,1,", "no column for yield"),
        (HEADER.replace("purity", "yield"), "JOB,k-T0001,80,,1,2,", "is there twice"),
        (HEADER.replace("[°C]", "[K]"), "JOB,k-T0001,353,,1,2,", "was planned in [°C]"),
        (HEADER.replace("trial,", ""), "JOB,80,,1,2,", "no column 'trial'"),
        ("", "", "no column 'trial'"),
    ],
)
def test_what_must_be_mended_is_said_and_nothing_is_lost(
    adapter: FilesAdapter, job: Job, header: str, row: str, says: str
) -> None:
    outcome = fill(adapter, job, row, header=header)
    assert outcome.state == "running"
    assert outcome.message.startswith(f"mend done/{job.id}.csv")
    assert says in outcome.message
    assert not outcome.measurements


def test_another_unit_is_handed_on_for_ingest_to_judge(adapter: FilesAdapter, job: Job) -> None:
    header = HEADER.replace("yield [%]", "yield [mg]")
    outcome = fill(adapter, job, "JOB,k-T0001,80,,1,2,", header=header)
    assert outcome.measurements[0].unit == "mg"


def test_edited_in_place(adapter: FilesAdapter, job: Job) -> None:
    one, two = "JOB,k-T0001,80,,1,2,", "JOB,k-T0002,80,,3,"
    waiting = fill(adapter, job, one, two + ",", place="to_do")
    assert waiting.state == "running"
    assert waiting.message.endswith(".csv: 3 of 4 filled in")
    assert not waiting.measurements


def test_what_is_filled_in_in_to_do_goes_to_done(adapter: FilesAdapter, job: Job) -> None:
    one, two = "JOB,k-T0001,80,,1,2,", "JOB,k-T0002,80,,3,4,"
    outcome = fill(adapter, job, one, two, place="to_do")
    assert outcome.state == "done"
    assert not list((adapter.settings.folder / "to_do").iterdir())
    # Whoever was killed before the results were committed reads the same again.
    assert adapter.collect(job, adapter.prepare(job)) == outcome


def test_an_empty_sheet_in_done_is_asked_about(adapter: FilesAdapter, job: Job) -> None:
    outcome = fill(adapter, job, "JOB,k-T0001,80,,,,", "JOB,k-T0002,80,,,,")
    assert outcome.state == "running"
    assert "nothing is filled in" in outcome.message


def test_a_workbook_in_done_is_asked_for_as_csv(adapter: FilesAdapter, job: Job) -> None:
    handle = send(adapter, job)
    folder = adapter.settings.folder
    (folder / "to_do" / f"{job.id}.csv").unlink()
    (folder / "done").mkdir()
    (folder / "done" / f"{job.id}.xlsx").write_bytes(b"PK")
    outcome = adapter.collect(job, handle)
    assert (outcome.state, outcome.message) == (
        "running",
        f"save done/{job.id}.xlsx as CSV (UTF-8)",
    )


def test_what_was_saved_just_now_is_left_alone(tmp_path: Path, job: Job) -> None:
    adapter = FilesAdapter(FilesAdapter.Settings(folder=tmp_path), now=lambda: NOW)
    handle = send(adapter, job)
    sheet = tmp_path / "to_do" / f"{job.id}.csv"
    rows = [HEADER, f"{job.id},k-T0001,80,,1,2,", f"{job.id},k-T0002,80,,3,4,"]
    sheet.write_text("\n".join(rows))
    os.utime(sheet, (NOW.timestamp() - 1, NOW.timestamp() - 1))
    assert adapter.collect(job, handle).message.endswith("was saved just now")
    os.utime(sheet, (NOW.timestamp() - 5, NOW.timestamp() - 5))
    assert adapter.collect(job, handle).state == "done"


@pytest.mark.parametrize(
    ("newline", "encoding", "more", "state"),
    [
        ("\r", "utf-8", "", "done"),
        ("\r\n", "utf-16", "", "running"),
        ("\n", "utf-8", '"' + "x" * 140_000 + '"', "running"),
    ],
)
def test_however_a_spreadsheet_saves_it_it_is_read_or_has_to_be_mended(
    adapter: FilesAdapter, job: Job, newline: str, encoding: str, more: str, state: str
) -> None:
    handle = send(adapter, job)
    rows = [HEADER, f"{job.id},k-T0001,80,,1,2,", f"{job.id},k-T0002,80,,3,4,", more]
    sheet = adapter.settings.folder / "to_do" / f"{job.id}.csv"
    sheet.write_bytes(newline.join(rows).encode(encoding))
    outcome = adapter.collect(job, handle)
    assert outcome.state == state
    assert state == "done" or outcome.message.startswith(f"mend to_do/{job.id}.csv")


def test_starting_again_never_overwrites(adapter: FilesAdapter, job: Job) -> None:
    outcome = fill(adapter, job, "JOB,k-T0001,80,,1,2,")
    handle = send(adapter, job)
    assert adapter.collect(job, handle) == outcome
    assert not list((adapter.settings.folder / "to_do").iterdir())


def test_cancelling(adapter: FilesAdapter, job: Job) -> None:
    handle = send(adapter, job)
    assert adapter.cancel(job, handle) == "confirmed"
    assert adapter.cancel(job, handle) == "confirmed"
    assert (adapter.settings.folder / "cancelled" / f"{job.id}.csv").is_file()
    assert adapter.find(job, handle).state == "ended"
    assert adapter.collect(job, handle).state == "cancelled"
    with pytest.raises(Refused, match="withdrawn"):
        send(adapter, job)
    assert adapter.collect(job, handle).state == "cancelled"


def test_work_that_has_begun_is_not_cancelled(adapter: FilesAdapter, job: Job) -> None:
    fill(adapter, job, "JOB,k-T0001,80,,1,,", place="to_do")
    assert adapter.cancel(job, {}) == "unconfirmed"
    assert adapter.find(job, None).state == "running"


def test_a_sheet_that_vanished_is_not_surely_undone(adapter: FilesAdapter, job: Job) -> None:
    handle = send(adapter, job)
    (adapter.settings.folder / "to_do" / f"{job.id}.csv").unlink()
    sighting = adapter.find(job, handle)
    assert (sighting.state, sighting.sure) == ("absent", False)
    assert "ask who took it" in sighting.reason
    assert adapter.collect(job, handle).state == "lost"


def test_a_share_that_is_not_mounted(tmp_path: Path, job: Job) -> None:
    adapter = FilesAdapter(FilesAdapter.Settings(folder=tmp_path / "share"))
    assert adapter.health().state == "unreachable"
    with pytest.raises(Refused):
        send(adapter, job)
    for question in (adapter.find, adapter.collect, adapter.cancel):
        with pytest.raises(Unreachable):
            question(job, {})
    assert not (tmp_path / "share").exists()


def test_stop(adapter: FilesAdapter, job: Job) -> None:
    adapter.emergency_stop()
    assert adapter.health().state == "locked"
    with pytest.raises(Refused, match=r"STOP\.txt"):
        send(adapter, job)


def test_an_id_is_never_a_path(adapter: FilesAdapter) -> None:
    for odd in ("../../x", "a/b", "a%2Fb"):
        job = job_for({"t": (1.0, "s")}, {"y": "%"}, id=odd)
        send(adapter, job)
        assert adapter.find(job, None).state == "running"
    folder = adapter.settings.folder
    assert len(list((folder / "to_do").iterdir())) == 3
    assert {p.name for p in folder.iterdir()} == {"to_do"}


@pytest.mark.parametrize("name", ["comment", "a [b]", "executed t", "=t", " t", "", "a\nb"])
def test_names_that_cannot_head_a_column(adapter: FilesAdapter, name: str) -> None:
    job = job_for({name: 1.0}, {"y": "%"})
    assert adapter.check(job.plans[0])
    with pytest.raises(Refused):
        adapter.prepare(job)


def test_too_many_trials_for_a_sheet(tmp_path: Path, job: Job) -> None:
    adapter = FilesAdapter(FilesAdapter.Settings(folder=tmp_path, max_trials_per_job=1))
    with pytest.raises(Refused, match="at most 1 rows"):
        adapter.prepare(job)


def test_a_class_is_written_by_its_name(adapter: FilesAdapter) -> None:
    plan = plan_for({"temperature": (80.0, "°C")}, {"phase": "1"}, trial="k-T0001")
    classes = {"phase": ("cubic", "melt")}
    given = plan.model_copy(update={"classes": classes})
    assert "phase [cubic | melt]" in render(job_of(given))
    headers = ("phase [cubic | melt]", "phase [1]", "phase [-]", "phase")
    for number, asked in enumerate(headers):
        job = job_of(given, id=f"k-{number}")
        header = f"job,trial,temperature [°C],{asked},comment"
        outcome = fill(adapter, job, f"{job.id},k-T0001,80.0,melt ,", header=header)
        (reading,) = outcome.measurements
        assert (reading.objective, reading.unit, reading.value) == ("phase", "1", 1.0)


def test_names_that_would_break_a_header_are_not_put_there(adapter: FilesAdapter) -> None:
    plan = plan_for({"temperature": (80.0, "°C")}, {"phase": "1"}, trial="k-T0001")
    job = job_of(plan.model_copy(update={"classes": {"phase": ("[100]", "a;b")}}))
    header = "job,trial,temperature [°C],phase [1],comment"
    assert render(job).splitlines()[0] == header
    outcome = fill(adapter, job, f"{job.id},k-T0001,80.0,[100],", header=header)
    assert outcome.measurements[0].value == 0.0


HEATED = plan_for({"temperature": (80.0, "°C")}, {}, trial="k-T0001", step="anneal")


def test_a_step_that_only_makes_a_sample_is_done_when_its_sheet_is_put_there(
    adapter: FilesAdapter,
) -> None:
    job = job_of(HEATED)
    handle = send(adapter, job)
    sheet = adapter.settings.folder / "to_do" / f"{job.id}.csv"
    assert sheet.read_text("utf-8-sig").startswith("job,trial,temperature [°C],place,comment")
    outcome = adapter.collect(job, handle)
    assert outcome.state == "running" and "move it to done/" in outcome.message
    header = "job,trial,temperature [°C],executed temperature [°C],place,comment"
    filled = fill(adapter, job, "JOB,k-T0001,80,79,tray 2,smells", header=header)
    assert filled.state == "done" and filled.measurements == ()
    assert filled.executed == {"k-T0001": {"temperature": 79.0}}
    assert filled.places == {"k-T0001": "tray 2"} and "smells" in filled.message


def test_a_sheet_says_which_sample_it_is_about(adapter: FilesAdapter) -> None:
    plan = plan_for({}, {"yield": "%"}, trial="k-T0001", step="weigh")
    sample = SampleRef(id="k-S0001", trial="k-T0001", code="films-001", place="tray 2")
    job = job_of(plan).model_copy(update={"samples": (sample,)})
    assert "films-001, at tray 2" in render(job)
    header = "job,trial,sample,yield [%],comment"
    outcome = fill(adapter, job, 'JOB,k-T0001,"films-001, at tray 2",71,', header=header)
    assert outcome.state == "done" and outcome.measurements[0].value == 71.0
