"""`onnx2zz zoo`: the models at hand, and whether they still give what they gave."""

from pathlib import Path

import click

from onnx2zz.cli import completion
from onnx2zz.cli.exit_codes import DIFFERS
from onnx2zz.cli.html import html_option
from onnx2zz.cli.screen import screen
from onnx2zz.cli.talk import notice
from onnx2zz.cli.where_priced import jobs_option
from onnx2zz.cli.which_mapping import zoo_takes_another

OF_SYSTEMS = "the zoo keeps numbers of single accelerators; `onnx2zz evaluate` takes a system"
golden_option = click.option(
    "--golden",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the golden files are; else those that ship.",
)


@click.group("zoo")
def zoo_command() -> None:
    """The models that ship with onnx2zz or with what it depends on: `zoo list`, `zoo run`."""


@zoo_command.command("list")
@golden_option
def list_command(golden: Path | None) -> None:
    """List the models, and the accelerators that golden numbers are kept for."""
    from onnx2zz.report.zoo import print_list
    from onnx2zz.zoo.golden import SHIPPED, read_golden
    from onnx2zz.zoo.models import zoo_models

    models = zoo_models()
    kept = [read_golden(golden or SHIPPED, model.name) for model in models]
    print_list(models, [", ".join(one.accelerators) if one else "" for one in kept], screen())


@zoo_command.command("run")
@click.option(
    "--quick", is_flag=True, help="Compile and verify all (at fewer points), evaluate a few: less than a minute."
)
@click.option(
    "--model",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.models,
    help="Only this model (repeatable).",
)
@click.option(
    "--arch",
    "archs",
    multiple=True,
    metavar="A",
    shell_complete=completion.architectures,
    help="Price on this accelerator (repeatable).",
)
@click.option("--update-golden", "update", is_flag=True, help="Keep what is found as the new golden numbers.")
@jobs_option
@golden_option
@html_option
@click.pass_context
def run_command(
    ctx: click.Context,
    quick: bool,
    names: tuple[str, ...],
    archs: tuple[str, ...],
    update: bool,
    jobs: int | None,
    golden: Path | None,
    html_file: Path | None,
) -> None:
    """Compile, verify and evaluate the models, and compare with the golden numbers.

    What moved is shown, and by how much; the exit code is then 1. The last line is `N of M models green`.
    """
    if quick and update:
        raise click.UsageError("--update-golden needs all prices: leave --quick out", ctx)
    from onnx2zz.files.written_file import write_whole
    from onnx2zz.formats.shipped_files import find_accelerator
    from onnx2zz.formats.system_kind import one_accelerator
    from onnx2zz.pricing.usable_cores import usable_cores
    from onnx2zz.report.progress import progress_on_stderr
    from onnx2zz.report.zoo import print_runs
    from onnx2zz.report.zoo_page import zoo_page
    from onnx2zz.zoo.golden import SHIPPED
    from onnx2zz.zoo.models import ZooSteps, chosen_models, quick_steps
    from onnx2zz.zoo.run import ACCELERATORS, ZooTarget, run_models

    steps = {model: quick_steps(model) if quick else ZooSteps() for model in chosen_models(names)}
    accelerators = tuple(one_accelerator(find_accelerator(arch), OF_SYSTEMS) for arch in archs or ACCELERATORS)
    with progress_on_stderr() as watch:
        runs = run_models(steps, ZooTarget(accelerators, golden or SHIPPED, update), jobs or usable_cores(), watch)
    # The page says which kind of run it is: a quick one leaves most prices out, and a reader must not take the gaps for
    # losses.
    places = [accelerator.name for accelerator in accelerators]
    if html_file is not None:
        how = "Compiled, verified at fewer points, a few priced (--quick)" if quick else "Compiled, verified and priced"
        write_whole(html_file, zoo_page(runs, places, how))
    print_runs(runs, places, screen())
    for accelerator in accelerators:
        if told := zoo_takes_another(accelerator):
            notice(told)
    if not all(run.green for run in runs):
        ctx.exit(DIFFERS)
