"""`gnomon scan` as a user calls it: options, exit codes, what goes to which stream, which registry counts."""

import json
from pathlib import Path

import pytest

from scanner.cli import scan_main
from tests.place import CODE, QWEN, Place, checks, gaps

FOLDER = '[[source]]\ntype = "folder"\npath = "code"\n'
KNOWN = {"id": "qwen", "identifiers": [f"hf:{QWEN}"]}
OTHER = {"id": "other", "identifiers": ["hf:acme/other"], "state": "approved"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """One repository that calls a model, and a registry that does not know it."""
    made = Place(tmp_path / "a place")
    made.repository("payments", {"app.py": CODE})
    made.records(OTHER)
    return made


def test_a_folder_needs_no_config_and_leaves_no_store_behind(place: Place) -> None:
    report = place.scan("--path", "code", "--registry", "registry")
    assert checks(report) == ["unregistered-coded"]
    assert sorted(path.name for path in place.directory.iterdir()) == ["code", "gnomon-report", "registry"]


def test_standard_output_holds_the_report_and_nothing_else(place: Place) -> None:
    place.config(FOLDER)
    with place.started("scan", "--format", "json", "--output", "-") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert checks(json.loads(out)) == ["unregistered-coded"]
    assert err == ""
    assert not (place.directory / "gnomon-report").exists()


@pytest.mark.parametrize("formats", ["", "json,html"])
def test_standard_output_takes_one_format(place: Place, formats: str) -> None:
    done = place.gnomon("scan", "--path", "code", "--output", "-", *(["--format", formats] if formats else []))
    assert (done.code, done.out) == (2, "")
    assert "one format" in done.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--fail-on", "critical"], 0),
        (["--fail-on", "medium"], 0),
        (["--fail-on", "low"], 1),
        (["--fail-on", "info"], 1),
        (["--fail-on-gaps"], 3),
        (["--fail-on-gaps", "--fail-on", "critical"], 3),
        (["--fail-on-gaps", "--fail-on", "low"], 1),
        (["--fail-on", "low", "--path", "nowhere"], 2),
        (["--fail-on", "terrible"], 2),
    ],
)
def test_exit_codes_and_their_precedence(place: Place, options: list[str], code: int) -> None:
    assert place.gnomon("scan", "--path", "code", "--registry", "registry", "--format", "json", *options).code == code


def test_no_gaps_no_exit_code_3(place: Place) -> None:
    place.config(FOLDER, more=f"[organisation]\nnot_used = {json.dumps(sorted({gap['scope'] for gap in first_gaps(place)}))}\n")
    assert gaps(place.scan("--fail-on-gaps")) == []


def first_gaps(place: Place) -> list[dict[str, str]]:
    gapped = place.scan("--path", "code", "--registry", "registry")["gaps"]
    assert {gap["reason"] for gap in gapped} == {"no-source"}
    return list(gapped)


def test_without_a_registry_there_is_an_inventory_and_no_verdict(place: Place) -> None:
    place.config(FOLDER, registry=False)
    refused = place.gnomon("scan", "--fail-on", "info")
    assert (refused.code, "nothing is judged" in refused.err) == (2, True)
    done = place.gnomon("scan")
    assert done.code == 0
    assert "inventory without verdicts" in done.out
    report = place.report()
    assert (report["judged"], report["findings"]) == (False, [])
    assert any(row["model_id"] == QWEN for row in report["sightings"])


def test_a_folders_own_registry_is_marked_as_self_declared(place: Place) -> None:
    place.records(KNOWN, file="code/registry/records.json")
    report = place.scan("--path", "code")
    assert report["run"]["self_declared"] is True
    assert "unregistered-coded" not in checks(report)
    assert place.scan("--path", "code", "--registry", "registry")["run"]["self_declared"] is False


def test_the_option_beats_the_config_and_the_config_beats_the_folders_own(place: Place) -> None:
    place.records(KNOWN, file="code/registry/records.json")
    place.config(FOLDER)
    assert checks(place.scan("--path", "code", "-c", "gnomon.toml")) == ["unregistered-coded"]
    assert "unregistered-coded" not in checks(place.scan("--path", "code", "--registry", "code/registry", "-c", "gnomon.toml"))


@pytest.mark.parametrize("under", ["code", "code/payments"], ids=["loose files", "a work tree"])
def test_neither_the_registry_nor_an_earlier_report_is_read_as_ai(place: Place, under: str) -> None:
    place.records(KNOWN, file=f"{under}/registry/records.json")
    options = ("--path", under, "--output", f"{under}/gnomon-report")
    assert place.gnomon("scan", *options).code == 0
    (place.directory / under / "gnomon-report" / "job.py").write_text(CODE, "utf-8")
    assert place.gnomon("scan", *options).code == 0
    seen = {str(row["where"]) for row in place.report(f"{under}/gnomon-report")["sightings"]}
    assert {where for where in seen if "registry" in where or "report" in where} == {where for where in seen if "job.py" in where}
    assert any("job.py" in where for where in seen)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('output = "x"\nwaiver = "w.toml"\n' + FOLDER, "has no key 'waiver'; did you mean 'waivers'?"),
        (FOLDER + 'exlude = ["x"]\n', "[[source]] folder has no key 'exlude'; did you mean 'exclude'?"),
        ('[[source]]\ntype = "foldr"\n', "did you mean 'folder'?"),
        ("[[source]\n", "gnomon.toml"),
        ("[network]\ntimeot = 3\n" + FOLDER, "did you mean 'timeout'?"),
        ("", "nothing to read"),
    ],
)
def test_a_typo_in_the_config_is_named_with_the_nearest_known_key(place: Place, text: str, said: str) -> None:
    (place.directory / "gnomon.toml").write_text(text, "utf-8")
    done = place.gnomon("scan")
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--path", "missing"], "not a directory"),
        (["--path", "code", "--registry", "missing"], "no such file or directory"),
        (["--path", "code", "--format", "jsn"], "json"),
        (["--path", "code", "--org", "acme"], "not both"),
        (["--config", "missing.toml"], "gnomon init"),
        (["--source", "foldr"], "did you mean 'folder'?"),
        (["--org", "acme"], "GITHUB_TOKEN"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_what_to_do(place: Place, arguments: list[str], said: str) -> None:
    place.config(FOLDER)
    place.environment |= {"GITHUB_TOKEN": "", "GH_TOKEN": ""}
    done = place.gnomon("scan", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_one_source_of_two_resolves_nothing_of_the_other(place: Place) -> None:
    place.repository("search", {"app.py": CODE}, under="more")
    second = '[[source]]\ntype = "folder"\nname = "more"\npath = "more"\n'
    place.config(FOLDER, second)
    assert checks(place.scan()) == ["unregistered-coded"] * 2
    (place.directory / "more" / "search" / "app.py").unlink()
    partial = place.scan("--source", "folder")
    assert partial["run"]["partial"] is True
    assert partial["resolved"] == []
    assert ("folder" in {scope["source"] for scope in partial["coverage"]}) and gaps(partial)
    whole = place.scan()
    assert [(row["status"], row["asset"]) for row in whole["resolved"]] == [("resolved", f"model:acme/search:huggingface/{QWEN}")]
    assert checks(whole, "ongoing") == ["unregistered-coded"]


def test_an_ad_hoc_look_beside_a_config_leaves_the_estates_history_and_reports_alone(place: Place) -> None:
    place.repository("search", {"app.py": CODE}, under="more")
    hook = f'[[report]]\ntype = "prometheus"\ndirectory = {json.dumps(str(place.directory / "metrics"))}\n[[report]]\ntype = "json"\n'
    (place.directory / "metrics").mkdir()
    place.config(FOLDER, hook)
    place.scan()
    before = contents(place.directory)
    look = place.gnomon("scan", "--path", "more", "--format", "json")
    assert look.code == 0 and "gnomon-look" in look.out
    after = contents(place.directory)
    assert {path: after[path] for path in before} == before
    assert {path.split("/")[0] for path in after.keys() - before.keys()} == {"gnomon-look"}
    assert checks(place.report("gnomon-look")) == ["unregistered-coded"]


def test_the_scan_command_calls_itself_scan_and_tells_its_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["scan", "--help"])
    with pytest.raises(SystemExit):
        scan_main()
    said = capsys.readouterr().out
    assert "Usage: scan [OPTIONS]" in said
    assert "Exit code: 0 it ran" in said


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file() and ".git" not in path.parts
    }


def test_with_the_config_named_one_folder_is_a_kept_partial_run(place: Place) -> None:
    place.config(FOLDER)
    report = place.scan("--path", "code", "-c", "gnomon.toml")
    assert report["run"]["partial"] is True
    assert (place.directory / "gnomon.db").exists()


def test_a_finding_of_a_look_is_explained_from_its_report(place: Place) -> None:
    missing = place.gnomon("explain", "UC-1")
    assert (missing.code, "--report" in missing.err) == (2, True)
    [row] = [row for row in place.scan("--path", "code", "--registry", "registry")["findings"] if row["check"] == "unregistered-coded"]
    told = place.gnomon("explain", row["id"])
    assert (told.code, row["title"] in told.out, "evidence hash" in told.out) == (0, True, True)
    assert place.gnomon("explain", row["id"], "--report", "gnomon-report/report.json").out == told.out
    broken = place.gnomon("explain", row["id"], "--report", "code/payments/app.py")
    assert (broken.code, "no JSON report" in broken.err) == (2, True)


def test_a_finding_of_a_look_beside_a_config_is_explained_too(place: Place) -> None:
    place.repository("search", {"app.py": CODE}, under="more")
    place.config(FOLDER)
    place.scan()
    assert place.gnomon("scan", "--path", "more", "--format", "json").code == 0
    [row] = [row for row in place.report("gnomon-look")["findings"] if row["check"] == "unregistered-coded"]
    assert row["title"] in place.gnomon("explain", row["id"]).out


def test_the_waiver_that_explain_prints_waives_the_finding(place: Place) -> None:
    place.config(FOLDER, more='waivers = "w.toml"')
    (place.directory / "w.toml").write_text("", "utf-8")
    [row] = [row for row in place.scan()["findings"] if row["check"] == "unregistered-coded"]
    lines = [line.strip() for line in place.gnomon("explain", row["id"]).out.splitlines()]
    start = lines.index("[[waiver]]")
    (place.directory / "w.toml").write_text("\n".join(lines[start : start + 6]), "utf-8")
    [waived] = [row for row in place.scan()["findings"] if row["check"] == "unregistered-coded"]
    assert waived["waived_by"].startswith("who decides, until ")
    assert waived["waived_by"] in place.gnomon("explain", row["id"]).out


def test_a_link_is_taken_back_by_the_identifier_that_it_named(place: Place) -> None:
    place.records({"id": "qwen", "state": "approved"})
    place.config(FOLDER)
    [row] = [row for row in place.scan()["findings"] if row["check"] == "unregistered-coded"]
    mistyped = place.gnomon("link", row["id"], "qwn", "--by", "a", "--why", "b")
    assert (mistyped.code, "did you mean 'qwen'?" in mistyped.err) == (2, True)
    assert place.gnomon("link", row["id"], "qwen", "--by", "a", "--why", "b").code == 0
    assert "unregistered-coded" not in checks(place.scan())
    wrong = place.gnomon("link", "--remove", "hf:acme/else", "qwen")
    assert (wrong.code, f"it is linked with hf:{QWEN}" in wrong.err) == (2, True)
    assert place.gnomon("link", "--remove", f"hf:{QWEN}", "qwen").code == 0
    assert "unregistered-coded" in checks(place.scan())


@pytest.mark.parametrize(
    "text",
    [
        '[[registry]]\ntype = "mlflow"\nurl = "http://127.0.0.1:9"\ntoken = "NOT_THERE"\n',
        '[[source]]\ntype = "inference"\nendpoints = [{ url = "http://127.0.0.1:9", token_env = "NOT_THERE" }]\n',
        '[[report]]\ntype = "webhook"\nurl = "https://hooks.example"\nkey = "NOT_THERE"\n',
    ],
    ids=["registry", "source", "report"],
)
def test_a_secret_that_is_not_there_is_named_before_anything_is_read(place: Place, text: str) -> None:
    place.config(FOLDER, text)
    done = place.gnomon("scan")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("gnomon: the variable NOT_THERE is not set")
    assert not (place.directory / "gnomon.db").exists()
