"""The configuration: the example is the program's own, and a mistake is named."""

from pathlib import Path

import pytest

from scanner import config, request, start
from scanner.errors import ConfigError, UsageError
from scanner.request import Asked
from tests import example


def written(directory: Path, text: str) -> Path:
    path = directory / "gnomon.toml"
    path.write_text(text, "utf-8")
    return path


def refused(directory: Path, text: str) -> str:
    with pytest.raises(ConfigError) as told:
        config.load(written(directory, text))
    return str(told.value)


def test_the_example_shows_every_key_with_its_default() -> None:
    assert example.EXAMPLE.read_text("utf-8") == example.text()


def test_the_example_loads() -> None:
    loaded = config.load(example.EXAMPLE)
    assert {source.type for source in loaded.source} >= {"github", "s3", "kubernetes", "inference", "sagemaker", "iam", "folder"}
    assert {registry.type for registry in loaded.registry} >= {"files", "mlflow", "rest", "sagemaker", "sql"}


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    assert "[network] has no key 'timout'; did you mean 'timeout'?" in refused(tmp_path, "[network]\ntimout = 3\n")


def test_an_unknown_key_of_a_source_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    said = refused(tmp_path, '[[source]]\ntype = "github"\norganization = "acme"\n')
    assert "[[source]] github has no key 'organization'; did you mean 'organisation'?" in said


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    assert "did you mean 'network'?" in refused(tmp_path, "[networks]\ntimeout = 3\n")


def test_an_unknown_type_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    assert "did you mean 'kubernetes'?" in refused(tmp_path, '[[source]]\ntype = "kubernets"\n')


def test_a_wrong_value_names_its_key(tmp_path: Path) -> None:
    assert "[network] timeout" in refused(tmp_path, '[network]\ntimeout = "soon"\n')


def test_text_that_is_not_toml_names_the_file_and_the_line(tmp_path: Path) -> None:
    said = refused(tmp_path, "[network\n")
    assert "gnomon.toml" in said and "line 1" in said


def test_a_missing_file_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gnomon init"):
        config.load(tmp_path / "none.toml")


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    one = '[[source]]\ntype = "folder"\nname = "a"\npath = "."\n'
    assert "two [[source]] are named 'a'" in refused(tmp_path, one + one)


def test_an_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    assert "time zone" in refused(tmp_path, '[organisation]\ntimezone = "Europe/Atlantis"\n')


def test_paths_are_relative_to_the_config(tmp_path: Path) -> None:
    loaded = config.load(written(tmp_path, '[[registry]]\ntype = "files"\npath = "records"\n'))
    assert loaded.registry[0].settings.path == tmp_path / "records"  # type: ignore[attr-defined]  # files.Settings


def test_org_and_path_together_are_refused() -> None:
    with pytest.raises(UsageError, match="not both"):
        request.narrowed(None, Asked(org="acme", path=Path()))


def test_org_without_a_token_says_what_is_missing() -> None:
    with pytest.raises(UsageError, match="GITHUB_TOKEN"):
        request.narrowed(None, Asked(org="acme"), {})


def test_a_misspelt_source_is_named(tmp_path: Path) -> None:
    loaded = config.load(written(tmp_path, '[[source]]\ntype = "folder"\nname = "code"\npath = "."\n'))
    with pytest.raises(UsageError, match="did you mean 'code'"):
        request.narrowed(loaded, Asked(sources=("cod",)))


def test_a_folder_with_its_own_registry_is_self_declared(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    wanted = request.narrowed(None, Asked(path=tmp_path))
    assert wanted.self_declared and wanted.partial and not wanted.kept


def test_standard_output_takes_one_format() -> None:
    with pytest.raises(UsageError, match="one format"):
        request.asked(None, None, None, (), "html,csv", "-")


def test_init_writes_what_the_machine_has_and_it_loads(tmp_path: Path) -> None:
    home = machine(tmp_path)
    said = start.write(tmp_path / "gnomon.toml", {"HOME": str(home), "GITHUB_TOKEN": "ghp_not-to-be-shown"}, home / "work")
    loaded = config.load(tmp_path / "gnomon.toml")
    assert [(source.type, source.name) for source in loaded.source] == [
        ("github", "github-acme"), ("s3", "s3-audit"), ("sagemaker", "sagemaker-audit"), ("iam", "iam-audit"), ("kubernetes", "kubernetes"),
    ]  # fmt: skip
    assert "ghp_not-to-be-shown" not in said + (tmp_path / "gnomon.toml").read_text("utf-8")


def test_init_keeps_a_file_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        start.write(written(tmp_path, "# mine\n"), {}, tmp_path)
    assert (tmp_path / "gnomon.toml").read_text("utf-8") == "# mine\n"


def test_init_on_a_bare_machine_says_that_it_found_nothing(tmp_path: Path) -> None:
    assert "nothing: add a [[source]] by hand" in start.write(tmp_path / "new.toml", {"HOME": str(tmp_path)}, tmp_path)
    assert config.load(tmp_path / "new.toml").source == ()


def machine(directory: Path) -> Path:
    home = directory / "home"
    (home / "work" / ".git").mkdir(parents=True)
    (home / ".aws").mkdir()
    (home / ".kube").mkdir()
    (home / "work" / ".git" / "config").write_text('[remote "origin"]\n\turl = git@github.com:acme/payments.git\n', "utf-8")
    (home / ".aws" / "config").write_text("[profile audit]\nregion = eu-west-1\n", "utf-8")
    (home / ".kube" / "config").write_text("contexts:\n- name: prod-eu\n  context: {cluster: a, user: b}\n", "utf-8")
    return home


TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
SECRETS = [
    '[[source]]\ntype = "github"\norganisation = "acme"\ntoken = "{}"\n',
    '[[source]]\ntype = "github"\norganisation = "acme"\napp_id = 1\napp_key = "{}"\n',
    '[[source]]\ntype = "s3"\naccess_key_env = "{}"\nsecret_key_env = "B"\n',
    '[[source]]\ntype = "s3"\naccess_key_env = "A"\nsecret_key_env = "{}"\n',
    '[[source]]\ntype = "s3"\nsample_key_env = "{}"\n',
    '[[source]]\ntype = "iam"\naccess_key_env = "A"\nsecret_key_env = "B"\nsession_token_env = "{}"\n',
    '[[source]]\ntype = "inference"\nendpoints = [{{ url = "http://127.0.0.1:1", token_env = "{}" }}]\n',
    '[[registry]]\ntype = "mlflow"\nurl = "https://registry.example"\ntoken = "{}"\n',
    '[[report]]\ntype = "webhook"\nurl = "https://hooks.example"\nkey = "{}"\n',
    '[[report]]\ntype = "email"\nhost = "m"\nsender = "a@example.org"\nto = ["b@example.org"]\nusername = "u"\npassword = "{}"\n',
    '[store]\npassword = "{}"\n',
    '[detect]\nfingerprint_key = "{}"\n',
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_in_place_of_its_variables_name_is_refused_and_never_repeated(tmp_path: Path, text: str) -> None:
    config.load(written(tmp_path, text.format("MY_TOKEN_2")))
    said = refused(tmp_path, text.format(TOKEN))
    assert "looks like the secret itself; write the name of the variable that holds it" in said
    assert TOKEN[4:] not in said and "Value error" not in said


@pytest.mark.parametrize("value", ["hunter 2", "sk-proj-abc", "AKIAIOSFODNN7EXAMPLE", "a/b+c=", "9f2b5c1de07a4f6b8c3d2e1f00112233"])
def test_what_is_no_name_of_a_variable_is_refused(tmp_path: Path, value: str) -> None:
    assert value not in refused(tmp_path, f'[store]\npassword = "{value}"\n')


@pytest.mark.parametrize(
    "value", ["", "PGPASSWORD", "file:/run/secrets/pg", "github_token_production_eu_west_1", "ACMEPRODUCTIONDATABASEPASSWORD2"]
)
def test_names_of_variables_and_files_are_taken(tmp_path: Path, value: str) -> None:
    assert config.load(written(tmp_path, f'[store]\npassword = "{value}"\n')).store.password == value


def test_a_waiver_of_a_check_that_does_not_exist_is_named(tmp_path: Path) -> None:
    text = '[[waiver]]\ncheck = "retired-but-runing"\nasset = "*"\napprover = "a"\nreason = "r"\nexpires = 2999-01-01\n'
    (tmp_path / "w.toml").write_text(text, "utf-8")
    loaded = config.load(written(tmp_path, 'waivers = "w.toml"\n[[source]]\ntype = "folder"\npath = "."\n'))
    with pytest.raises(ConfigError, match=r"w\.toml: there is no check 'retired-but-runing'; did you mean 'retired-but-running'\?"):
        request.narrowed(loaded, Asked())
