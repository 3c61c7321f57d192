# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: runs the benchmarks of this folder, one after another, and writes

    FOLDER/bench.json    the results, as README.md describes them
    FOLDER/bench.html    the same as a page, with plots and with the past of each machine
    FOLDER/bench.md      the same as tables
    FOLDER/bench.svg     the picture of the project's README
    LEDGER               one line more: date, machine, commit, medians

usage: suite.py [NAME...] [-- OPTION...]       OPTIONs go to each benchmark

A benchmark is an executable file beside this one; no NAME: all of them.  Of those that do not run
this time the results in FOLDER stay.  From the environment: BUILD, the folder where ./configure
was run (default .); QUICK, if not empty: few rows, two runs, a folder and a ledger of its own;
MNIST, the folder of its files; RESULTS, for FOLDER (default BUILD/bench/results); LEDGER (default
ledger.jsonl beside this file).
"""
import json, os, subprocess, sys
sys.dont_write_bytecode = True
import common, page

HERE = os.path.dirname(os.path.abspath(__file__))


def programs():
    """By name: what can be run here."""
    paths = [os.path.join(HERE, name) for name in sorted(os.listdir(HERE))]
    return {os.path.splitext(os.path.basename(p))[0]: p for p in paths
            if os.path.isfile(p) and os.access(p, os.X_OK) and is_script(p)}


def is_script(path):
    """In a build within the source, programs that the benchmarks need lie beside them."""
    with open(path, "rb") as f:
        return f.read(2) == b"#!"


def run(name, path, options):
    """Its result, or None after a line that says why not."""
    done = subprocess.run([path, "--json", *options], stdout=subprocess.PIPE, text=True,
                          env=common.OWN)
    if done.returncode == 0:
        try:
            return json.loads(done.stdout)
        except ValueError:
            pass
    common.say(f"{name}: failed" + ("" if done.returncode else ", it printed no JSON")
               + "; the others go on")
    return None


def entry(results):
    """The line of the ledger: of each case the median, least and most of each side."""
    first = results[0]
    medians = {}
    for r in results:
        for case in r["cases"]:
            medians[page.case_id(r, case)] = {
                "unit": case["unit"], "better": case["better"], "rows": r["rows"],
                "sides": {s["name"]: [s["median"], s["low"], s["high"]] for s in case["sides"]}}
    return {"date": first["date"], "commit": first["commit"], "machine": page.machine_id(first),
            "medians": medians}


def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line) for line in f if line.strip()]


def read_results(path):
    if not os.path.exists(path):
        return {}
    with open(path) as f:
        found = json.load(f)
    return {r["bench"]: r for r in found["results"]} if found["schema"] == common.SCHEMA else {}


def write(path, text):
    with open(path + ".part", "w") as f:
        f.write(text)
    os.replace(path + ".part", path)


def publish(folder, results, ledger):
    ordered = [results[name] for name in sorted(results)]
    whole = {"schema": common.SCHEMA, "results": ordered}
    write(f"{folder}/bench.json", json.dumps(whole, indent=1))
    write(f"{folder}/bench.html", page.page(ordered, ledger))
    write(f"{folder}/bench.md", "\n".join(line for r in ordered for line in common.tables(r)))
    write(f"{folder}/bench.svg", page.picture(ordered))


def chosen(words):
    all_of_them = programs()
    unknown = [w for w in words if w not in all_of_them]
    if unknown:
        sys.exit(f"{unknown[0]}: no such benchmark; there are: {' '.join(all_of_them)}")
    return {name: all_of_them[name] for name in words or all_of_them}


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    which, quick = chosen(sys.argv[1:at]), bool(os.environ.get("QUICK"))
    options = ["--quick"] * quick + sys.argv[at + 1:] + [d for d in [os.environ.get("MNIST")] if d]
    build = os.path.abspath(os.environ.get("BUILD", "."))
    folder = os.environ.get("RESULTS") or f"{build}/bench/{'quick' if quick else 'results'}"
    book = os.environ.get("LEDGER") or f"{folder if quick else HERE}/ledger.jsonl"
    os.makedirs(folder, exist_ok=True)
    new = {}
    for i, (name, path) in enumerate(which.items()):
        common.say(f"--- {name} ({i + 1} of {len(which)})")
        found = run(name, path, options)
        if found is not None:
            new[name] = found
            print("\n".join(common.tables(found)), flush=True)
    if not new:
        sys.exit("nothing was measured")
    with open(book, "a") as f:
        f.write(json.dumps(entry(list(new.values()))) + "\n")
    lines = read_lines(book)
    publish(folder, {**read_results(f"{folder}/bench.json"), **new}, lines)
    for sentence in page.slowdowns(lines, lines[-1]):
        print(f"slower: {sentence}")
    missing = {m["peer"]: m["how"] for r in new.values() for m in r["missing"]}
    for peer, how in missing.items():
        print(f"missing: {peer}; {how}")
    print(f"look at  {folder}/bench.html")
    sys.exit(len(new) < len(which))


if __name__ == "__main__":
    main()
