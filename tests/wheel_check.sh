#!/usr/bin/env bash
# Builds the wheel, installs it with the pinned versions of its own
# requirements into an empty environment, and uses it from another folder: from
# images to a picture, by its console scripts and from Python. A few minutes,
# most of them the installation.
#
#   tests/wheel_check.sh [python3.12]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=${1:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'echo "wheel_check: failed at line $LINENO" >&2' ERR

say() { echo "wheel_check: $*"; }

say "building"
mkdir "$work/source" "$work/elsewhere"
# Of what is there, without what earlier builds have left.
tar -c --exclude=./build --exclude=./.git --exclude='./.venv*' \
    --exclude=./datasets --exclude=./runs --exclude='*.egg-info' . |
    tar -x -C "$work/source"
"$python" -m venv "$work/venv"
bin=$work/venv/bin
"$bin/pip" wheel --quiet --no-deps --wheel-dir "$work/dist" "$work/source"

say "installing"
"$bin/pip" install --quiet --constraint "$root/requirements.txt" \
    "$work"/dist/*.whl
"$bin/pip" check

cd "$work/elsewhere"
export XDG_CACHE_HOME=$work/cache
start=$SECONDS
for script in dataset train evaluate generate; do
    "$bin/pgan-$script" --help >help.txt
    grep -q "^usage: pgan-$script " help.txt
    if grep "python .*\.py" help.txt; then exit 1; fi
done

say "a dataset, a training, an evaluation, a picture"
"$bin/pgan-dataset" create --source=faces --resolution=16 --num_images=40 \
    --out_dir=faces16 >/dev/null
"$bin/pgan-dataset" verify faces16
cat >tiny.cfg <<'END'
--data_dir=faces16
--run_dir=run
--fmap_base=32
--fmap_max=8
--minibatch_base=8
--lod_training_kimg=0.064
--lod_transition_kimg=0.064
--tick_kimg_base=0.064
--grid=2x2
END
"$bin/pgan-train" --total_kimg=0.192 --flagfile=tiny.cfg
grep -q '"resolution": 4' run/stats.jsonl
grep -q '"resolution": 8' run/stats.jsonl
test -s run/report.html
"$bin/pgan-evaluate" --run_dir=run --metrics=swd --num_images=20
test -s run/metric-swd.jsonl
"$bin/pgan-generate" images --network=run --seeds=0-3 --grid=2x2 --out=drawn
test -s drawn/grid.png
"$bin/pgan-generate" explore --network=run --attributes=0 --directions=2 \
    --seeds=0 --out=explore.html
grep -q "<script" explore.html

say "flagfiles by name, extras, Python"
for name in demo demo.cfg configs/celebahq-v2-2gpus-fp16.cfg; do
    "$bin/pgan-train" --flagfile="$name" --plan --peak_gmac_per_sec=3300 \
        >plan.txt
    grep -q "^total " plan.txt
done
if "$bin/pgan-generate" interpolate --network=run --out=a.mp4 2>error.txt; then
    exit 1
fi
grep -qF 'pip install "pgan_tf[video]"' error.txt
"$bin/python" - <<'END'
import pathlib
import pgan_tf
assert "site-packages" in pgan_tf.__file__, pgan_tf.__file__
assert (pathlib.Path(pgan_tf.__file__).parent / "py.typed").exists()
run = pgan_tf.train(flagfile="tiny.cfg", flags={"total_kimg": 0.256})
assert pgan_tf.generate(run, [0, 1]).shape == (2, 16, 16, 3)
END
say "fine, after $((SECONDS - start)) seconds beside the installation"
