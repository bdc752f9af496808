"""Are corrections written, kept, changed and taken back without touching another word of the file?"""

from __future__ import annotations

import errno
import hashlib
import os
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from interlith.app.decide import decide_choice
from interlith.errors import StudyError
from interlith.model import Decision, Step, read_target
from interlith.workbench.corrections import decisions as room
from interlith.workbench.corrections import decisions_file as file
from interlith.workbench.corrections.decision_targets import resolve
from interlith.workbench.corrections.decisions import (
    decide,
    decide_command,
    included,
    quoted,
    read_decisions,
    undo,
    vanished,
)
from interlith.workbench.discovery import techniques
from tests.workbench.folders import write_study

FIELDS = {"step_type": "pause, charge or discharge", "reference_cycle": "a cycle number", "split_voltage": "4.45 V",
          "include": "yes or no", "use": "yes or no"}  # fmt: skip
EXAMPLE = """\
- target: cycling/B1_02.ndax#sha256:9f2c41d0a7b3/half_cycle/37   # raw hash and own half-cycle number, never a row number
  field: step_type
  value: pause
  was: charge
  reason: power cut at 14:05, see the lab book
  who: mk
  date: 2026-11-20
- target: impedance/C5_01_cycle100.mpr#sha256:03ab99e1c5d7/point/12.6 Hz
  field: use
  value: false
  was: true
  reason: mains interference
  who: mk
  date: 2026-11-20
"""
TARGET = "cells/a.csv#sha256:0123456789ab/half_cycle/3"


@pytest.fixture(autouse=True)
def _fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cycling with steps that ask for decisions, whatever its real ones are."""
    cycling = replace(techniques()["cycling"], steps=(Step("summary", lambda given: None, decides=dict(FIELDS)),))
    monkeypatch.setattr(room, "all_techniques", lambda: {"cycling": cycling})
    monkeypatch.setenv("INTERLITH_WHO", "mk")


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"), cells=1)


@pytest.fixture
def study(cells: Path) -> Path:
    (cells / "decisions.yaml").unlink(missing_ok=True)
    return cells


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def test_the_example_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "decisions.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    first, second = read_decisions(path)
    assert first == Decision(
        read_target("cycling/B1_02.ndax#sha256:9f2c41d0a7b3/half_cycle/37"), "step_type", "pause",
        "power cut at 14:05, see the lab book", "mk", "2026-11-20", "charge", 1,
    )  # fmt: skip
    assert (second.value, second.was, second.line, second.target.part) == (False, True, 8, "point/12.6 Hz")
    assert read_decisions(tmp_path / "none.yaml") == ()
    assert read_decisions(tmp_path) == (first, second)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- target: cycling\n  field: x", ("line 1: `reason` is missing", "line 1: `value` is missing", "'x' is no field")),
        (f"- target: {TARGET}\n  field: step_typ\n  value: pause\n  reason: r\n", ("did you mean 'step_type'?",)),
        (f"- target: {TARGET}\n  field: use\n  value: maybe\n  reason: r\n", ("'maybe'; write yes or no",)),
        (f"- target: {TARGET}\n  field: include\n  value: no\n  reason: r\n", ("about a whole file",)),
        (f"- target: {TARGET}\n  field: step_type\n  value: [pause]\n  reason: r\n", ("no single text",)),
        (f"- target: {TARGET}\n  field: step_type\n  value: .nan\n  reason: r\n", ("no single text",)),
        (f"- target: {TARGET}\n  field: step_type\n  value: pause\n  reason: '  '\n", ("`reason` is missing or empty",)),
        (f"- target: {TARGET}\n  field: step_type\n  value: pause\n  reason: r\n  date: gestern\n", ("'gestern'",)),
        (f"- target: {TARGET}\n  field: step_type\n  valeu: pause\n  reason: r\n", ("did you mean 'value'?",)),
        ("- target: B1_02/half_cycle/3\n  field: step_type\n  value: pause\n  reason: r\n", ("is no target",)),
        ("\n\n- target: a: b\n", ("line 3",)),
        ("target: x\n", ("this is no list",)),
        ("- just words\n", ("line 1: this entry has no words",)),
        ("- target: x\n  target: y\n", ("line 2",)),
        ("- date: 2026-13-45\n", ("put it in quotes",)),
        ("[" * 5000, ("cannot be read",)),
        ("- field: !!python/object/apply:os.system [ls]\n", ("line 1",)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_left_alone(text: str, words: tuple[str, ...], study: Path) -> None:
    path = study / "decisions.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_decisions(path)
    assert [word for word in words if word not in str(caught.value)] == []
    if "field: x" not in text and "step_typ\n" not in text:
        with pytest.raises(StudyError):
            decide(study, "cycling", "reference_cycle", 4, reason="r")
        assert path.read_text(encoding="utf-8") == text


def test_one_field_decided_twice_names_both_lines(tmp_path: Path) -> None:
    entry = f"- target: {TARGET}\n  field: step_type\n  value: pause\n  reason: r\n"
    (tmp_path / "decisions.yaml").write_text(entry + entry.replace("cells/", "moved/"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"line 5: .* decided already on line 1"):
        read_decisions(tmp_path)


def test_a_decision_is_written_as_in_the_example(study: Path) -> None:
    made = decide(study, "bare_1/half_cycle/3", "step_type", "pause", reason="power cut at 14:05, see the lab book",
                  was="charge", date="2026-11-20")  # fmt: skip
    target = f"cells/bare_1.csv#sha256:{_digest(study / 'cells/bare_1.csv')}/half_cycle/3"
    assert (study / "decisions.yaml").read_text(encoding="utf-8") == (
        f"- target: {target}\n  field: step_type\n  value: pause\n  was: charge\n"
        "  reason: power cut at 14:05, see the lab book\n  who: mk\n  date: 2026-11-20\n"
    )
    assert read_decisions(study) == (made,)
    assert made.target.text == target


@pytest.mark.parametrize(
    "typed", ["bare_1", "bare_1.csv", "cells/bare_1.csv", "cells\\bare_1.csv", "moved/bare_1.csv#sha256:{}"]
)
def test_every_way_to_name_a_file_leads_to_its_bytes(typed: str, study: Path) -> None:
    digest = _digest(study / "cells/bare_1.csv")
    for part in ("", "/half_cycle/3", "/point/12.6 Hz"):
        assert resolve(study, typed.format(digest) + part).text == f"cells/bare_1.csv#sha256:{digest}{part}"


def test_what_fits_nothing_or_too_much_is_refused(tmp_path: Path) -> None:
    folder = write_study(tmp_path, cells=2)
    (folder / "more").mkdir()
    (folder / "cells/bare_2.csv").rename(folder / "more/bare_1.csv")
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("cells/bare_2.csv", "more/bare_1.csv"))
    with pytest.raises(StudyError, match=r"write one of: cells/bare_1.csv/half_cycle/3, more/bare_1.csv/half_cycle/3"):
        resolve(folder, "bare_1.csv/half_cycle/3")
    with pytest.raises(StudyError, match=r"did you mean .*'coated_1"):
        resolve(folder, "Coated_1/half_cycle/3")
    with pytest.raises(StudyError, match=r"cells/bare_1.csv has other bytes now \(sha256:"):
        resolve(folder, "cells/bare_1.csv#sha256:0123456789ab/half_cycle/3")
    with pytest.raises(StudyError, match=r"no study\.yaml"):
        decide(tmp_path / "cells", "bare_1", "include", False, reason="r")
    assert not (tmp_path / "decisions.yaml").exists()


def test_of_a_restarted_test_the_file_that_holds_the_part_is_taken(tmp_path: Path) -> None:
    folder = write_study(tmp_path, cells=1)
    table = folder / "measurements.csv"
    (folder / "cells/bare_1_part2.csv").write_text("other bytes")
    line = next(line for line in table.read_text().splitlines() if "bare_1" in line)
    table.write_text(table.read_text() + line.replace("bare_1.csv", "bare_1_part2.csv") + "\n")
    unsure = resolve(folder, "bare_1/half_cycle/9")
    assert unsure.text.startswith("cells/bare_1.csv#")
    assert "does not tell which one" in unsure.note
    second = f"cells/bare_1_part2.csv#sha256:{_digest(folder / 'cells/bare_1_part2.csv')}/half_cycle/9"
    sure = resolve(folder, "bare_1/half_cycle/9", known=[second])
    assert (sure.text, sure.note) == (second, "")
    assert "decide also: cells/bare_1_part2.csv" in resolve(folder, "bare_1").note


def test_comments_and_layout_survive_a_change_an_addition_and_a_removal(study: Path) -> None:
    path = study / "decisions.yaml"
    text = "# corrections of the study\n\n" + EXAMPLE.replace(
        "  who: mk\n", "  # between\n  who: 'mk'  # initials\n", 1
    )
    path.write_text(text, encoding="utf-8")
    made = decide(study, "coated_1/half_cycle/1", "step_type", "pause", reason="x")
    assert path.read_text(encoding="utf-8").startswith(text)
    undo(study, made.target.text, "step_type")
    assert path.read_text(encoding="utf-8") == text
    # The bytes of the example are no bytes of this study: what is filed already can still be taken back.
    gone = undo(study, "B1_02.ndax/half_cycle/37", "step_type")
    assert gone.reason.startswith("power cut")
    assert (
        path.read_text(encoding="utf-8") == "# corrections of the study\n\n" + EXAMPLE[EXAMPLE.index("- target: imp") :]
    )


def test_a_second_thought_replaces_words_and_keeps_what_the_software_had_taken(study: Path) -> None:
    path = study / "decisions.yaml"
    decide(study, "bare_1/half_cycle/3", "step_type", "pause", reason="first", was="charge", date="2026-11-20")
    text = path.read_text(encoding="utf-8").replace("  value: pause", "  value: pause   # sure?")
    path.write_text("# mine\n" + text + "# end\n", encoding="utf-8")
    made = decide(study, "bare_1/half_cycle/3", "step_type", "discharge", reason="second", who="ab", date="2026-11-21")
    assert (made.value, made.was, made.reason, made.who, made.date) == (
        "discharge",
        "charge",
        "second",
        "ab",
        "2026-11-21",
    )
    expected = (
        text.replace("pause   #", "discharge   #")
        .replace("first", "second")
        .replace("mk", "ab")
        .replace("20\n", "21\n")
    )
    assert path.read_text(encoding="utf-8") == "# mine\n" + expected + "# end\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encoding_and_line_endings_of_an_editor_stay(encoding: str, newline: str, study: Path) -> None:
    path = study / "decisions.yaml"
    before = EXAMPLE.replace("power cut", "Stromausfall in Würzburg").replace("\n", newline).encode(encoding)
    path.write_bytes(before)
    path.chmod(0o640)
    decide(study, "bare_1/half_cycle/3", "step_type", "pause", reason="Prüfung")
    after = path.read_bytes()
    assert after.startswith(before)
    assert "reason: Prüfung" + newline in after.decode(encoding)
    assert after.decode(encoding).count("\n") == after.decode(encoding).count(newline) == 20
    assert path.stat().st_mode & 0o777 == 0o640 or os.name != "posix"
    undo(study, "bare_1/half_cycle/3", "step_type")
    assert path.read_bytes() == before


def test_bytes_that_are_no_text_are_refused(study: Path) -> None:
    path = study / "decisions.yaml"
    path.write_bytes(EXAMPLE.replace("power cut", "Stromausfall in Würzburg").encode("cp1252"))
    with pytest.raises(StudyError, match="not UTF-8 at byte"):
        decide(study, "bare_1/half_cycle/3", "step_type", "pause", reason="x")


#: Layouts that people and editors write: braces, an indented list, blocks of text, anchors, an empty list.
LAYOUTS = (
    "[]\n", "# nothing yet\n", "---\n", "",
    f"[{{target: '{TARGET}', field: step_type, value: pause, reason: r}}]\n",
    f"  - target: {TARGET}\n    field: step_type\n    value: pause\n    reason: r\n",
    f"# head\n\n  - target: {TARGET}\n    field: step_type\n    value: pause\n    reason: r",
    f"-\n  # why\n  reason: |\n    two\n    lines\n  target: {TARGET}\n  field: step_type\n  value: pause\n",
    f"- target: {TARGET}\n  field: step_type\n  value: pause\n  reason: >-\n    two\n    lines\n\n# tail\n",
    f"- target: {TARGET}\n  field: step_type\n  value: pause\n  reason: two\n    lines\n  who: &me mk\n"
    f"- {{target: '{TARGET}', field: split_voltage, value: 4.45 V, reason: r, who: *me}}\n",
)  # fmt: skip


@pytest.mark.parametrize("text", LAYOUTS)
def test_any_layout_can_be_added_to_changed_and_taken_from(text: str) -> None:
    before = [entry.words for entry in file.entries(text, "d")]
    words = {"target": "cycling", "field": "reference_cycle", "value": 4, "reason": "#: yes", "date": "2026-11-20"}
    more = file.added(file.Page(text), words)
    assert [entry.words for entry in file.entries(more, "d")] == [*before, words]
    assert [line for line in text.splitlines() if line.startswith("#") and line not in more] == []
    assert [entry.words for entry in file.entries(file.removed(file.Page(more), len(before)), "d")] == before
    if before:
        other = file.changed(file.Page(text), 0, {"value": "a: b", "reason": "new\nlines", "was": True})
        assert file.entries(other, "d")[0].words == {**before[0], "value": "a: b", "reason": "new\nlines", "was": True}
        assert [entry.words for entry in file.entries(other, "d")][1:] == before[1:]
        assert [entry.words for entry in file.entries(file.removed(file.Page(text), 0), "d")] == before[1:]


HARD = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from(" :#'\"\\-?[]{},&*!|>%@`~\n\t\r0123456789.eE")), max_size=30
)
WORDS = st.one_of(
    HARD, st.text(string.digits + "._:-eExob+", max_size=8), st.sampled_from(["no", "yes", "null", "~", "007", "1e5"])
)
VALUES = st.one_of(
    WORDS, st.booleans(), st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False)
)


@given(value=VALUES)
@example(value="2026-11-20")
@example(value="12:30")
@example(value="\ufeff x\x85\u2028\x7f\x00")
@example(value=1e-05)
@example(value=-0.0)
@settings(max_examples=400, deadline=None)
def test_every_value_reads_back_as_it_was_written(value: str | float | bool) -> None:
    text = file.scalar(value)
    assert "\n" not in text
    for version in ((1, 2), (1, 1)):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        found = reader.load(f"- value: {text}   # beside\n  reason: r\n")
        assert found == [{"value": value, "reason": "r"}]
        assert type(found[0]["value"]) is type(value)


@given(
    reasons=st.lists(WORDS.filter(str.strip), min_size=1, max_size=4),
    newline=st.sampled_from(["\n", "\r\n"]),
    data=st.data(),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_entries_come_and_go_and_comments_stay(reasons: list[str], newline: str, data: st.DataObject) -> None:
    text, wanted = f"# head{newline}", []
    for number, reason in enumerate(reasons):
        words = {"target": f"{TARGET}{number}", "field": "step_type", "value": reason, "reason": reason}
        text = file.added(file.Page(text), words) + f"# after {number}{newline}"
        wanted.append(words)
    order = data.draw(st.permutations(range(len(reasons))))
    keys = list(range(len(reasons)))
    for number in order:
        place = keys.index(number)
        text = file.changed(file.Page(text), place, {"value": 1, "who": reasons[0]})
        wanted[place] |= {"value": 1, "who": reasons[0]}
        assert [entry.words for entry in file.entries(text, "d")] == wanted
        text = file.removed(file.Page(text), place)
        del keys[place], wanted[place]
        assert [entry.words for entry in file.entries(text, "d")] == wanted
    assert text == f"# head{newline}" + "".join(f"# after {k}{newline}" for k in range(len(reasons)))


@pytest.mark.parametrize("broken", ["fsync", "replace", "write"])
def test_a_full_disk_or_a_crash_leaves_the_old_file(broken: str, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = study / "decisions.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if broken == "fsync":
            patch.setattr(os, "fsync", full)
        elif broken == "replace":
            patch.setattr(Path, "replace", full)
        else:
            patch.setattr(Path, "open", full)
        with pytest.raises(OSError, match="No space left"):
            file.replace_file(path, b"new")
    assert path.read_text(encoding="utf-8") == EXAMPLE
    assert [item.name for item in study.iterdir() if item.name.startswith(".")] == []


@pytest.mark.skipif(os.name != "posix", reason="kills itself with a signal")
def test_a_kill_between_writing_and_renaming_leaves_the_old_file(study: Path) -> None:
    import subprocess
    import sys

    path = study / "decisions.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    script = (
        "import os, signal, pathlib, sys\nfrom interlith.workbench.corrections import decisions_file as file\n"
        "pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "file.replace_file(pathlib.Path(sys.argv[1]), b'new')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == -9
    assert path.read_text(encoding="utf-8") == EXAMPLE
    for left in study.glob(".decisions.yaml.*.tmp"):
        left.unlink()


def test_an_edit_in_the_same_moment_is_not_lost(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = study / "decisions.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    written = file.added

    def slow(page: file.Page, words: dict[str, object]) -> str:
        path.write_text(EXAMPLE + "# saved meanwhile\n", encoding="utf-8")
        return written(page, words)

    monkeypatch.setattr(file, "added", slow)
    with pytest.raises(StudyError, match="changed by somebody else"):
        decide(study, "bare_1", "include", False, reason="leaked")
    assert path.read_text(encoding="utf-8").endswith("# saved meanwhile\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("bare_1", "step_tpye", "pause"), "did you mean 'step_type'?"),
        (("bare_1/half_cycle/3", "include", "no"), "about a whole file"),
        (("bare_1", "include", "perhaps"), "write yes or no"),
        (("cycling", "use", float("nan")), "no single text"),
    ],
)
def test_what_cannot_be_decided_is_not_written(arguments: tuple[str, str, str], words: str, study: Path) -> None:
    with pytest.raises(StudyError, match=words.replace("?", r"\?")):
        decide(study, *arguments, reason="because")
    with pytest.raises(StudyError, match="needs a reason"):
        decide(study, "bare_1", "include", "no", reason="  ")
    assert not (study / "decisions.yaml").exists()


def _made(target: str, field: str, value: object, line: int = 3) -> Decision:
    return Decision(read_target(target), field, value, "leaked", line=line)  # type: ignore[arg-type]


def test_what_touches_nothing_any_more_is_told() -> None:
    here = room.all_techniques()
    digests = {"cells/a.csv": "ab" * 32, "cells/b.csv": "cd" * 32}
    changed, gone = (
        _made("cells/a.csv#sha256:0123456789ab/half_cycle/3", "step_type", "pause"),
        _made("x.csv#sha256:0123456789ab", "include", False, 9),
    )
    moved, alive = (
        _made("old/b.csv#sha256:cdcdcdcdcdcd/half_cycle/1", "step_type", "pause"),
        _made("cycling", "reference_cycle", 4),
    )
    other = _made("impedance", "use", False)
    told = dict(vanished([changed, gone, moved, alive, other], digests, here))
    assert set(told) == {changed, gone, other}
    assert "line 3" in told[changed]
    assert "its bytes changed (now sha256:abababababab)" in told[changed]
    assert 'interlith decide cells/a.csv/half_cycle/3 step_type pause --reason "..."' in told[changed]
    assert "line 9" in told[gone]
    assert "interlith decide --undo x.csv#sha256:0123456789ab include" in told[gone]
    unasked = _made("cells/a.csv#sha256:abababababab", "blocks", 3)
    assert "no technique of this study asks for it" in vanished([unasked], digests, here)[0][1]


def test_a_person_overrules_the_table_of_files() -> None:
    no = _made("cells/a.csv#sha256:abababababab", "include", False)
    assert included([no], "ab" * 32, declared=True) == (False, no)
    assert included([no], "cd" * 32, declared=True) == (True, None)
    assert included([], "ab" * 32, declared=False) == (False, None)


def test_commands_can_be_pasted() -> None:
    assert decide_command("cells/a b.csv/half_cycle/3", "split_voltage", "4.45 V") == (
        'interlith decide "cells/a b.csv/half_cycle/3" split_voltage "4.45 V" --reason "..."'
    )
    assert decide_command("a", "include", value=False).split()[4] == "no"
    assert quoted("$(rm -rf ~)`'\"") == "'$(rm -rf ~)`'\"'\"'\"'"
    assert quoted("Zelle_ü.csv#sha256:0123456789ab") == "Zelle_ü.csv#sha256:0123456789ab"


def test_the_page_of_the_documentation_says_what_is_so(study: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "decisions-file.md").read_text(encoding="utf-8")
    block = page.partition("```yaml\n")[2].partition("```")[0]
    (study / "decisions.yaml").write_text(block, encoding="utf-8")
    (only,) = read_decisions(study)
    assert (only.field, only.was) == ("step_type", "charge")
    assert decide_choice(study, "B1_02/half_cycle/37", "step_type", undo=True) == 0


def test_the_command_decides_lists_and_undoes(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert decide_choice(study, "bare_1/half_cycle/3", "step_type", "pause", reason="power cut", who="ab") == 0
    assert decide_choice(study, "cycling", "reference_cycle", "5", reason="check-up") == 0
    assert decide_choice(study, "coated_1", "include", "no", reason="leaked") == 0
    assert [one.value for one in read_decisions(study)] == ["pause", 5, False]
    assert "interlith run" in capsys.readouterr().out
    assert decide_choice(study, listing=True) == 0
    printed = capsys.readouterr().out
    assert "step_type" in printed
    assert "power cut" in printed
    assert decide_choice(study, "bare_1/half_cycle/3", "step_type", undo=True) == 0
    assert [one.field for one in read_decisions(study)] == ["reference_cycle", "include"]
    with pytest.raises(StudyError, match="No decision on step_type"):
        decide_choice(study, "bare_1/half_cycle/3", "step_type", undo=True)
    with pytest.raises(StudyError, match="TARGET FIELD VALUE"):
        decide_choice(study, "bare_1", reason="x")
