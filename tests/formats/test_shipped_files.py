"""Names of accelerators, mappings and models, and which mapping goes with an accelerator."""

import tomllib
from pathlib import Path

import pytest

from onnx2zz.errors import InputError
from onnx2zz.formats import shipped_files
from onnx2zz.formats.shipped_files import (
    ACCELERATORS,
    MAPPINGS,
    MODELS,
    SYSTEMS,
    Found,
    choose_mapping,
    find_accelerator,
    find_mapping,
    find_model,
    ours,
    zigzags,
)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def our_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that ships a few files of ours, one of them under a name that ZigZag ships too."""
    shipped = {
        "accelerators": ["npe.yaml", "npe.onnx2zz.yaml", "tpu_like.yaml"],
        "mappings": ["npe.yaml", "npe.templates.yaml"],
        "models": ["lenet5.onnx"],
    }
    for folder, names in shipped.items():
        (tmp_path / "checkout" / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / "checkout" / folder / name).touch()
    monkeypatch.setattr(
        shipped_files, "__file__", str(tmp_path / "checkout" / "onnx2zz" / "formats" / "shipped_files.py")
    )
    return tmp_path / "checkout"


def test_zigzag_is_found_without_being_imported() -> None:
    assert len(zigzags(ACCELERATORS)) == 11
    assert set(zigzags(MODELS)) == {"alexnet", "mobilenetv2", "resnet18"}
    assert find_accelerator("tpu_like").path.parts[-4:] == ("zigzag", "inputs", "hardware", "tpu_like.yaml")


def test_a_path_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "tpu_like.yaml").touch()
    found = find_accelerator("tpu_like.yaml")
    assert (found.name, found.path.resolve(), found.note) == ("tpu_like", tmp_path / "tpu_like.yaml", "")


def test_ours_come_first_and_zigzag_says_whose(our_files: Path) -> None:
    assert find_accelerator("tpu_like").path == our_files / "accelerators" / "tpu_like.yaml"
    assert find_accelerator("zigzag:tpu_like").path == zigzags(ACCELERATORS)["tpu_like"]


def test_a_wheel_carries_them_inside_the_package(our_files: Path) -> None:
    inside = our_files / "onnx2zz" / "shipped" / "accelerators"
    inside.mkdir(parents=True)
    (inside / "npe.yaml").touch()
    assert find_accelerator("npe").path == inside / "npe.yaml"


def test_a_system_is_found_by_name_in_a_checkout_and_in_a_wheel(our_files: Path) -> None:
    folder = our_files / "accelerators" / "systems"
    folder.mkdir()
    (folder / "mesh.yaml").touch()
    assert find_accelerator("mesh") == Found("mesh", folder / "mesh.yaml")
    assert "taking mesh, which ships" in find_accelerator("mesh.yaml").note
    inside = our_files / "onnx2zz" / "shipped" / "accelerators" / "systems"
    inside.mkdir(parents=True)
    (inside / "mesh.yaml").touch()
    assert find_accelerator("mesh").path == inside / "mesh.yaml"


def test_a_system_that_does_not_ship_gets_suggestions() -> None:
    with pytest.raises(InputError, match=r"did you mean .*seneca_4x4.*these ship: .*seneca_16x16"):
        find_accelerator("seneca_4x5")


def test_the_wheel_takes_folders_whole() -> None:
    """Systems lie in a folder below that of the accelerators."""
    root = Path(__file__).parents[2]
    build = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert build["wheel"]["force-include"]["accelerators"] == "onnx2zz/shipped/accelerators"
    assert "accelerators" in build["sdist"]["include"]
    assert set(ours(SYSTEMS)) == {path.stem for path in (root / "accelerators" / "systems").glob("*.yaml")} != set()


@pytest.mark.parametrize("typed", ["lenet", "lenet.onnx", "lenet5.onnx"])
def test_a_missing_file_whose_stem_ships_takes_the_shipped_one_and_says_so(our_files: Path, typed: str) -> None:
    found = find_model(typed)
    assert found.path == our_files / "models" / "lenet5.onnx"
    assert found.note.startswith(f"{typed} does not exist: taking lenet5")


def test_a_missing_file_in_a_folder_is_missing(our_files: Path) -> None:
    with pytest.raises(InputError, match=r"nets/lenet5.onnx: no such file.*did you mean lenet5"):
        find_model("nets/lenet5.onnx")


def test_an_unknown_name_gets_suggestions(our_files: Path) -> None:
    with pytest.raises(InputError) as raised:
        find_accelerator("edge_tpu")
    (problem,) = raised.value.problems
    assert str(problem).startswith(
        "edge_tpu: no such file, and no accelerator of that name ships; did you mean edge_tpu_like"
    )
    assert "npe, tesla_npu_like, tpu_like" in str(problem)


def test_a_file_that_goes_with_another_is_no_name_of_its_own(our_files: Path) -> None:
    with pytest.raises(InputError):
        find_accelerator("npe.onnx2zz")
    with pytest.raises(InputError):
        find_mapping("npe.templates")


@pytest.mark.parametrize(
    ("accelerator", "mapping"),
    [
        ("tpu_like", "tpu_like"),
        ("meta_prototype", "meta_prototype_like"),
        ("eyeriss_like", "default"),
        ("aimc", "default_imc"),
        ("dimc", "default_imc"),
    ],
)
def test_zigzags_own_mapping_for_its_accelerators(accelerator: str, mapping: str) -> None:
    chosen = choose_mapping(None, find_accelerator(accelerator))
    assert chosen.path == zigzags(MAPPINGS)[mapping] == find_mapping(f"zigzag:{accelerator}").path


def test_a_mapping_that_stands_in_for_another_is_told() -> None:
    assert find_mapping("zigzag:tpu_like").note == ""
    assert "taking default" in find_mapping("zigzag:eyeriss_like").note


def test_ours_for_the_accelerators_name(our_files: Path) -> None:
    assert choose_mapping(None, find_accelerator("npe")).path == our_files / "mappings" / "npe.yaml"


def test_what_was_compiled_for_this_accelerator_goes_before_what_ships(our_files: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "mapping.yaml"
    assert choose_mapping(None, find_accelerator("npe"), compiled).path == our_files / "mappings" / "npe.yaml"
    compiled.touch()
    assert choose_mapping(None, find_accelerator("npe"), compiled).path == compiled
    assert choose_mapping("npe", find_accelerator("npe"), compiled).path == our_files / "mappings" / "npe.yaml"


def test_an_accelerator_of_the_user_takes_zigzags_default(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("operational_array: {is_imc: false}")
    (tmp_path / "mine_imc.yaml").write_text("operational_array: {is_imc: true}")
    assert choose_mapping(None, find_accelerator("mine.yaml")).name == "default"
    assert choose_mapping(None, find_accelerator("mine_imc.yaml")).name == "default_imc"


def test_generated_is_a_mapping_that_leaves_the_unrolling_to_zigzag() -> None:
    text = find_mapping("generated").path.read_text()
    assert "memory_operand_links" in text and "spatial_mapping" not in text
