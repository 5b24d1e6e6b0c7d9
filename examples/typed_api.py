# pyright: strict
"""The functions of onnx2zz from a script whose types are checked (`pyright --strict`): what each returns, and the
fields that are read most. Run it in an empty folder: it writes lenet5/workload.yaml and lenet5/coverage.json."""

from pathlib import Path

import onnx2zz


def main() -> None:
    compiled = onnx2zz.compile("lenet5", precision={"W": 4, "I": 8})
    compiled.write(Path("lenet5"))
    for node in compiled.coverage["nodes"]:
        print(f"{node['node']} ({node['op']}): {node['status']}, layers {node['layers']}")
    macs: int = sum(layer["macs"] for layer in compiled.coverage["layers"])
    print(f"{len(compiled.entries)} layers, {macs:,} MACs; the first: {compiled.entries[0]['equation']}")

    diagnosis = onnx2zz.check("seneca", "lenet5/workload.yaml")
    for finding in diagnosis.findings:
        print(f"{finding.file}:{finding.line}: {finding.severity} [{finding.code}] {finding.message}")

    verification = onnx2zz.verify(compiled, points=50)
    print(f"{verification.nodes_matched} of {verification.nodes_exact} nodes proven, ok: {verification.ok}")
    for mismatch in verification.mismatches:
        print(f"{mismatch.node}, {mismatch.where}: {mismatch.got} instead of {mismatch.expected}")

    evaluation = onnx2zz.evaluate(compiled, "seneca", opt="EDP", lpf_limit=3, cache=False)
    energy: float = evaluation.total.energy_pj
    print(f"{energy:,.0f} pJ, {evaluation.total.latency_cycles:,.0f} cycles")
    for layer in evaluation.layers:
        if layer.latency_cycles is None:
            print(f"{layer.name} has no price: {layer.error}")
        else:
            print(f"{layer.name}: {layer.latency_cycles:,.0f} cycles, bound by {layer.bound_by}")
    for lacking in evaluation.unpriced:
        print(f"not in the total: {lacking.name} ({lacking.op}), {lacking.why}")

    rows = evaluation.records(total=True)
    print(f"a row has {', '.join(rows[0])}; the last one is called {rows[-1]['name']}")
    page: str = evaluation.to_html("lenet5/report.html")
    print(f"the report has {len(page):,} characters")

    for layer in verification.proofs.layers:
        print(f"{layer.name}: {layer.verdict} at {layer.points} points")
    node = onnx2zz.explain(compiled, "conv2")
    print(f"{node.node} is {node.status}: {node.layers[0]['equation']}")

    sweep = onnx2zz.sweep({
        "models": ["lenet5"],
        "accelerators": ["seneca", "tpu_like"],
        "options": {"lpf_limit": 2},
    })  # fmt: skip
    print(f"{len(sweep.runs)} runs, on the front: {', '.join(row['accelerator'] for row in sweep.fronts['lenet5'])}")
    comparison = onnx2zz.compare(evaluation, onnx2zz.evaluate(compiled, "tpu_like", lpf_limit=3))
    for pair in comparison.pairs:
        print("\n".join(pair.sentences))

    repaired = onnx2zz.check("seneca", "lenet5/workload.yaml", fix="repaired")
    print(f"{len(repaired.repaired)} files written, {len(repaired.cured)} faults cured")
    (topology,) = onnx2zz.convert("lenet5/workload.yaml", to="scale-sim")
    print(topology.text.splitlines()[0])
    names: tuple[str, ...] = onnx2zz.accelerators()
    print(f"{len(names)} accelerators ship, {len(onnx2zz.models())} models, {len(onnx2zz.systems())} systems")


if __name__ == "__main__":
    main()
