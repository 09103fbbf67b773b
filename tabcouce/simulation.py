"""Simulated processes with known truth: what must be found is known, so tests can be sharp.

Two families. The eight-machine processes `common_cause` and `assignment` are small structural
models with few columns; the others share one smooth response of fifteen columns and differ only
in what the machine does. The settings were fixed before any model was scored on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Draw = Literal["train", "unseen", "reversed", "interventional", "drifted"]

DRAWS: tuple[Draw, ...] = ("train", "unseen", "reversed", "interventional", "drifted")


@dataclass(frozen=True)
class Quantity:
    """A column of the simulated line: reading = centre + spread * latent value."""

    name: str
    unit: str
    centre: float
    spread: float


LINE = (
    Quantity("Melt temperature", "°C", 220.0, 6.0),
    Quantity("Injection pressure", "MPa", 95.0, 8.0),
    Quantity("Cooling time", "s", 18.0, 1.5),
    Quantity("Screw speed", "rpm", 120.0, 10.0),
    Quantity("Holding pressure", "MPa", 55.0, 5.0),
    Quantity("Mould temperature", "°C", 62.0, 3.0),
    Quantity("Back pressure", "MPa", 8.0, 0.9),
    Quantity("Resin moisture", "%", 0.08, 0.015),
    Quantity("Nozzle temperature", "°C", 228.0, 7.0),
    Quantity("Coolant flow", "L/min", 12.0, 1.1),
    Quantity("Clamp force", "kN", 850.0, 30.0),
    Quantity("Cycle pause", "s", 4.0, 0.5),
    Quantity("Hopper level", "%", 60.0, 12.0),
    Quantity("Line voltage", "V", 400.0, 4.0),
    Quantity("Pump current", "A", 14.0, 1.2),
)
PROXIES = (
    Quantity("Ambient temperature", "°C", 24.0, 2.5),
    Quantity("Ambient humidity", "%", 48.0, 6.0),
    Quantity("Tool age", "h", 900.0, 150.0),
)
SENSORS = (0, 1, 2, 4, 6, 7, 8, 9)
"""Columns of LINE that are readings; the others are settings, which no calibration can move."""


@dataclass(frozen=True)
class Process:
    """Rows of a simulated process and the truth behind them.

    X           (n, p) float64 readings in engineering units
    y           (n,) measured quality value
    context     (n, 1) text, column 'machine'
    surface     (n,) g(x): the mean of y when the inputs are set by hand, averaged over machines
    effects     per column, mean slope of the surface, target units per unit of the column
                (NaN for step-like, where a slope says nothing)
    directions  per column 'increases', 'decreases', 'peak', 'mixed' or 'none'
    kinds       per column 'condition', 'sensor' or 'proxy'
    tolerances  per drifting sensor (offset in its unit, gain as a share)
    units       per column its unit
    """

    name: str
    draw: Draw
    X: pd.DataFrame
    y: Array
    context: pd.DataFrame
    surface: Array
    effects: Mapping[str, float]
    directions: Mapping[str, str]
    kinds: Mapping[str, str]
    units: Mapping[str, str]
    tolerances: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def causes(self) -> tuple[str, ...]:
        """Columns that enter the surface."""
        return tuple(name for name, direction in self.directions.items() if direction != "none")

    @property
    def proxies(self) -> tuple[str, ...]:
        """Columns that give the machine away and cause nothing."""
        return tuple(name for name, kind in self.kinds.items() if kind == "proxy")


class Simulator(Protocol):
    """Signature of every entry of PROCESSES."""

    def __call__(
        self, *, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train"
    ) -> Process: ...


def _rng(name: str, seed: int, draw: Draw) -> np.random.Generator:
    """One stream per process, seed and draw, so that test rows are new rows."""
    return np.random.default_rng([seed, DRAWS.index(draw), *name.encode()])


def _machines(rows: int, contexts: int, draw: Draw) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    """Machine number per row, interleaved, and its label: M.. in training, N.. for new machines."""
    number = np.arange(rows) % contexts
    letter = "M" if draw == "train" else "N"
    return number, pd.DataFrame({"machine": [f"{letter}{k + 1:02d}" for k in number]})


def _readings(latent: Array, quantities: tuple[Quantity, ...]) -> pd.DataFrame:
    """Latent values, one column per quantity, in engineering units."""
    return pd.DataFrame({q.name: q.centre + q.spread * latent[:, j] for j, q in enumerate(quantities)})


# The fifteen-column line -------------------------------------------------------------------

SLOPES = (1.0, 0.8, -0.7, 0.364, 0.5, 0.0, 0.291, -0.4)
"""Mean slope of `_response` in its first eight latent values: E[cos v] = exp(-1/2) gives
0.6 * 0.607 and E[2 (1 - tanh(2 v)^2)] = 0.727 gives 0.4 * 0.727."""


def _response(v: Array) -> Array:
    """Smooth physics: linear terms, saturation, an optimum and one interaction; (n, 15) -> (n,)."""
    return (
        v[:, 0]
        + 0.8 * v[:, 1]
        - 0.7 * v[:, 2]
        + 0.6 * np.sin(v[:, 3])
        + 0.5 * v[:, 4]
        + 0.4 * v[:, 0] * v[:, 4]
        - 0.5 * (v[:, 5] ** 2 - 1)
        + 0.4 * np.tanh(2 * v[:, 6])
        - 0.4 * v[:, 7]
    )


def _latent(rng: np.random.Generator, rows: int) -> Array:
    """(rows, 15) unit-variance values; 8 and 9 follow causes 0 and 2 without causing anything."""
    v = rng.standard_normal((rows, len(LINE)))
    v[:, 8] = 0.7 * v[:, 0] + np.sqrt(1 - 0.49) * v[:, 8]
    v[:, 9] = 0.7 * v[:, 2] + np.sqrt(1 - 0.49) * v[:, 9]
    return v


def _directions(signs: tuple[float, ...], peak: int | None) -> dict[str, str]:
    words = {}
    for j, quantity in enumerate(LINE):
        slope = signs[j] if j < len(signs) else 0.0
        words[quantity.name] = "increases" if slope > 0 else "decreases" if slope < 0 else "none"
    if peak is not None:
        words[LINE[peak].name] = "peak"
    return words


def _line(
    name: str,
    draw: Draw,
    latent_reading: Array,
    y: Array,
    surface: Array,
    context: pd.DataFrame,
    *,
    slopes: tuple[float, ...] = SLOPES,
    peak: int | None = 5,
    tolerances: Mapping[str, tuple[float, float]] | None = None,
) -> Process:
    if draw == "reversed":
        raise ValueError(f"'{name}' has no association with the machine that could be reversed.")
    padded = slopes + (0.0,) * (len(LINE) - len(slopes))
    return Process(
        name=name,
        draw=draw,
        X=_readings(latent_reading, LINE),
        y=y,
        context=context,
        surface=surface,
        effects={q.name: slope / q.spread for q, slope in zip(LINE, padded, strict=True)},
        directions=_directions(slopes, peak),
        kinds={q.name: "sensor" if j in SENSORS else "condition" for j, q in enumerate(LINE)},
        units={q.name: q.unit for q in LINE},
        tolerances=tolerances or {},
    )


NOISE = 0.45
"""Noise of the fifteen-column line: the best possible R2 is about 0.94."""


def none(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """Machines are mere labels."""
    rng = _rng("none", seed, draw)
    _, context = _machines(rows, contexts, draw)
    v = _latent(rng, rows)
    surface = _response(v)
    return _line("none", draw, v, surface + NOISE * rng.standard_normal(rows), surface, context)


def sensor_shift(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """Each machine's sensors read with their own offset (sd 0.8 spreads) and gain (sd 0.15)."""
    rng = _rng("sensor_shift", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    v = _latent(rng, rows)
    surface = _response(v)
    y = surface + NOISE * rng.standard_normal(rows)
    reading = v.copy()
    for j in SENSORS:
        offset, gain = 0.8 * rng.standard_normal(contexts), 1 + 0.15 * rng.standard_normal(contexts)
        reading[:, j] = gain[machine] * v[:, j] + offset[machine]
    tolerances = {LINE[j].name: (0.8 * LINE[j].spread, 0.15) for j in SENSORS}
    return _line("sensor_shift", draw, reading, y, surface, context, tolerances=tolerances)


def all_sensors_shift(
    *, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train"
) -> Process:
    """Every column is read by a sensor of the machine's own: offset sd 1.5 spreads, gain sd 0.15.

    Unlike in `sensor_shift` no cause reads alike on all machines, so that little is left to a
    model that knows nothing of the machine.
    """
    rng = _rng("all_sensors_shift", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    v = _latent(rng, rows)
    surface = _response(v)
    y = surface + NOISE * rng.standard_normal(rows)
    offset = 1.5 * rng.standard_normal((contexts, len(LINE)))
    gain = 1 + 0.15 * rng.standard_normal((contexts, len(LINE)))
    process = _line("all_sensors_shift", draw, gain[machine] * v + offset[machine], y, surface, context)
    tolerances = {q.name: (1.5 * q.spread, 0.15) for q in LINE}
    return replace(process, kinds=dict.fromkeys(process.kinds, "sensor"), tolerances=tolerances)


def operating_point(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """Machines really run at different points (sd 0.9 spreads on every cause); no other effect.

    The interventional draw runs every machine at the common centre.
    """
    rng = _rng("operating_point", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    v = _latent(rng, rows)
    shift = 0.9 * rng.standard_normal((contexts, len(SLOPES)))
    if draw != "interventional":
        v[:, : len(SLOPES)] += shift[machine]
    surface = _response(v)
    return _line("operating_point", draw, v, surface + NOISE * rng.standard_normal(rows), surface, context)


def target_offset(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """Each machine adds its own constant (sd 1.5) to the quality value."""
    rng = _rng("target_offset", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    v = _latent(rng, rows)
    surface = _response(v)
    offset = 1.5 * rng.standard_normal(contexts)
    y = surface + offset[machine] + NOISE * rng.standard_normal(rows)
    return _line("target_offset", draw, v, y, surface, context)


def machine_state(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """A common cause on the line: the machine's state (sd 1) moves causes by 0.8, in turn up and down,
    and the quality value by 2. The interventional draw moves the quality value only."""
    rng = _rng("machine_state", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    state = rng.standard_normal(contexts)[machine]
    v = _latent(rng, rows)
    if draw != "interventional":
        v[:, : len(SLOPES)] += 0.8 * np.resize([1.0, -1.0], len(SLOPES)) * state[:, None]
    surface = _response(v)
    y = surface + 2.0 * state + NOISE * rng.standard_normal(rows)
    return _line("machine_state", draw, v, y, surface, context)


def effect_modifier(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """The first column acts with another slope on each machine (mean 1, sd 0.8)."""
    rng = _rng("effect_modifier", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    v = _latent(rng, rows)
    surface = _response(v)
    slope = 0.8 * rng.standard_normal(contexts)
    y = surface + slope[machine] * v[:, 0] + NOISE * rng.standard_normal(rows)
    return _line("effect_modifier", draw, v, y, surface, context)


def step_like(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """Thresholds, interlocked, on heavy-tailed columns with heavy-tailed noise; no machine effect."""
    rng = _rng("step_like", seed, draw)
    _, context = _machines(rows, contexts, draw)
    v = rng.standard_t(2.5, (rows, len(LINE)))
    high = (v > 0.3).astype(float)
    surface = (
        1.6 * high[:, 0]
        + 1.2 * (v[:, 1] > -0.4)
        - 1.2 * high[:, 2]
        + 1.0 * high[:, 0] * (v[:, 3] > 0)
        + 0.8 * (v[:, 4] > 0.8)
        - 0.8 * (np.abs(v[:, 5]) > 1)
    )
    y = surface + 0.25 * rng.standard_t(3, rows)
    # Steps have no mean slope of use; the sign of the mean change is kept as direction only.
    signs = (1.0, 1.0, -1.0, 1.0, 1.0)
    process = _line("step_like", draw, v, y, surface, context, slopes=signs)
    return replace(process, effects=dict.fromkeys(process.effects, float("nan")))


# The small structural models ---------------------------------------------------------------


def _small_surface(v: Array) -> Array:
    """g(V) = V1 + 0.7 V2 + 0.5 V1 V3."""
    return v[:, 0] + 0.7 * v[:, 1] + 0.5 * v[:, 0] * v[:, 2]


def _machine_state(contexts: int, draw: Draw) -> Array:
    """Hidden state m of each machine: even in [-1.5, 1.5]; new machines lie between the old ones."""
    if draw == "train":
        return np.linspace(-1.5, 1.5, contexts)
    return np.linspace(-1.3, 1.3, contexts)


def _small(
    name: str,
    draw: Draw,
    readings: pd.DataFrame,
    y: Array,
    surface: Array,
    context: pd.DataFrame,
    proxies: tuple[Quantity, ...],
) -> Process:
    columns = LINE[:4] + proxies
    slopes = (1.0, 0.7) + (0.0,) * (len(columns) - 2)
    words = ("increases", "increases", "mixed") + ("none",) * (len(columns) - 3)
    return Process(
        name=name,
        draw=draw,
        X=readings,
        y=y,
        context=context,
        surface=surface,
        effects={q.name: slope / q.spread for q, slope in zip(columns, slopes, strict=True)},
        directions={q.name: word for q, word in zip(columns, words, strict=True)},
        kinds={q.name: "proxy" if q in proxies else "sensor" for q in columns},
        units={q.name: q.unit for q in columns},
    )


def common_cause(*, seed: int = 0, rows: int = 1080, contexts: int = 8, draw: Draw = "train") -> Process:
    """Graph M: the machine's state m moves inputs (0.8 m on V1 and V3) and quality (1.2 m).

    interventional: inputs are set by hand, independent of the machine; reversed: inputs move
    against m. The surface is g, without the machine.
    """
    rng = _rng("common_cause", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    m = _machine_state(contexts, draw)[machine]
    link = {"train": 0.8, "unseen": 0.8, "reversed": -0.8, "interventional": 0.0}[draw]
    v = rng.standard_normal((rows, 4))
    v[:, [0, 2]] += link * m[:, None]
    surface = _small_surface(v)
    y = surface + 1.2 * m + 0.3 * rng.standard_normal(rows)
    readings = _readings(v + 0.2 * rng.standard_normal(v.shape), LINE[:4])
    return _small("common_cause", draw, readings, y, surface, context, ())


def assignment(*, seed: int = 0, rows: int = 1080, contexts: int = 8, draw: Draw = "train") -> Process:
    """Graph S: products are routed to machines by their quality; three proxies give m away.

    A machine is drawn with probability proportional to exp(m y). unseen and interventional:
    other machines, no association; reversed: other machines, exp(-m y). The machine itself
    has no effect on quality.
    """
    rng = _rng("assignment", seed, draw)
    m = _machine_state(contexts, draw)
    v = rng.standard_normal((rows, 4))
    surface = _small_surface(v)
    y = surface + 0.3 * rng.standard_normal(rows)
    strength = {"train": 1.0, "unseen": 0.0, "reversed": -1.0, "interventional": 0.0}[draw]
    score = strength * y[:, None] * m[None, :] + rng.gumbel(size=(rows, contexts))
    machine = score.argmax(axis=1)
    letter = "M" if draw == "train" else "N"
    context = pd.DataFrame({"machine": [f"{letter}{k + 1:02d}" for k in machine]})
    sensors = _readings(v + 0.7 * rng.standard_normal(v.shape), LINE[:4])
    given_away = m[machine][:, None] + 0.3 * rng.standard_normal((rows, len(PROXIES)))
    readings = pd.concat([sensors, _readings(given_away, PROXIES)], axis=1)
    return _small("assignment", draw, readings, y, surface, context, PROXIES)


# Processes of one claim each ----------------------------------------------------------------

WAVE_POINTS = 64
NUISANCE_MODE, LABEL_MODE = 2, 14
"""Modes of the waveform: the machine's lies in the low third of frequencies, the label's in the middle."""


def waveform(*, seed: int = 0, rows: int = 1080, contexts: int = 8, draw: Draw = "train") -> Process:
    """A cavity pressure curve: the machine sets a slow swing, the quality a faster one's amplitude.

    Amplitudes 1 + 0.8 (m + 0.3 e) of mode 2 and 1 + 0.4 y of mode 14, noise 0.35 a point. In
    training, products are routed to machines by quality, P(machine) ~ exp(2 m y / 1.5); unseen:
    other machines, no routing; reversed: the opposite routing.
    """
    rng = _rng("waveform", seed, draw)
    m = _machine_state(contexts, draw) / 1.5
    y = rng.standard_normal(rows)
    strength = {"train": 2.0, "reversed": -2.0}.get(draw, 0.0)
    machine = (strength * y[:, None] * m + rng.gumbel(size=(rows, contexts))).argmax(axis=1)
    letter = "M" if draw == "train" else "N"
    context = pd.DataFrame({"machine": [f"{letter}{k + 1:02d}" for k in machine]})
    t = 2 * np.pi * np.arange(WAVE_POINTS) / WAVE_POINTS
    swing = 1 + 0.8 * (m[machine] + 0.3 * rng.standard_normal(rows))
    curve = swing[:, None] * np.sin(NUISANCE_MODE * t) + (1 + 0.4 * y)[:, None] * np.sin(LABEL_MODE * t)
    curve += 0.35 * rng.standard_normal((rows, WAVE_POINTS))
    points = tuple(Quantity(f"Cavity pressure {k:02d}", "MPa", 40.0, 5.0) for k in range(WAVE_POINTS))
    readings = _readings(curve, points)
    return _unscored("waveform", draw, readings, y, y, context, "sensor")


def sparse_lots(*, seed: int = 0, rows: int = 1080, contexts: int = 12, draw: Draw = "train") -> Process:
    """Half of the lots have three rows, the others share the rest; the columns are those of `assignment`.

    Lot states m lie even in [-1.5, 1.5], rare and large lots in turn; a lot draws its rows with
    probability proportional to exp(m y), rare lots first. unseen: other lots, all equally large,
    no routing.
    """
    rng = _rng("sparse_lots", seed, draw)
    m = _machine_state(contexts, draw)
    v = rng.standard_normal((rows, 4))
    surface = _small_surface(v)
    y = surface + 0.3 * rng.standard_normal(rows)
    if draw == "train":
        rare, large = np.arange(0, contexts, 2), np.arange(1, contexts, 2)
        lot = large[(y[:, None] * m[large] + rng.gumbel(size=(rows, len(large)))).argmax(axis=1)]
        free = np.ones(rows, dtype=bool)
        for k in rare:
            wish = np.where(free, m[k] * y + rng.gumbel(size=rows), -np.inf)
            chosen = np.argsort(-wish, kind="stable")[:3]
            lot[chosen], free[chosen] = k, False
    else:
        lot = rng.integers(contexts, size=rows)
    letter = "M" if draw == "train" else "N"
    context = pd.DataFrame({"machine": [f"{letter}{k + 1:02d}" for k in lot]})
    sensors = _readings(v + 0.7 * rng.standard_normal(v.shape), LINE[:4])
    given_away = m[lot][:, None] + 0.3 * rng.standard_normal((rows, len(PROXIES)))
    readings = pd.concat([sensors, _readings(given_away, PROXIES)], axis=1)
    return _small("sparse_lots", draw, readings, y, surface, context, PROXIES)


def drifting_sensors(*, seed: int = 0, rows: int = 1080, contexts: int = 24, draw: Draw = "train") -> Process:
    """Every value is read twice: by a stable, noisy sensor (0.5) and a precise one (0.1) that drifts.

    The precise sensors of a machine have their own offset (sd 0.2) and gain (sd 0.05); drifted:
    new machines with offset sd 1.0 and gain sd 0.2. Declared tolerance: an offset of 0.8 spreads.
    """
    rng = _rng("drifting_sensors", seed, draw)
    machine, context = _machines(rows, contexts, draw)
    v = rng.standard_normal((rows, 4))
    surface = _small_surface(v)
    y = surface + 0.3 * rng.standard_normal(rows)
    offset_sd, gain_sd = (1.0, 0.2) if draw == "drifted" else (0.2, 0.05)
    offset = offset_sd * rng.standard_normal((contexts, 4))
    gain = 1 + gain_sd * rng.standard_normal((contexts, 4))
    stable = v + 0.5 * rng.standard_normal(v.shape)
    precise = gain[machine] * (v + 0.1 * rng.standard_normal(v.shape)) + offset[machine]
    columns = tuple(
        replace(q, name=f"{q.name} ({kind})") for kind in ("thermowell", "probe") for q in LINE[:4]
    )
    readings = _readings(np.hstack([stable, precise]), columns)
    process = _unscored("drifting_sensors", draw, readings, y, surface, context, "sensor")
    return replace(process, tolerances={q.name: (0.8 * q.spread, 0.0) for q in columns[4:]})


def _unscored(
    name: str,
    draw: Draw,
    readings: pd.DataFrame,
    y: Array,
    surface: Array,
    context: pd.DataFrame,
    kind: str,
) -> Process:
    """A process about prediction only: no declared effects."""
    columns = list(readings.columns)
    return Process(
        name=name,
        draw=draw,
        X=readings,
        y=y,
        context=context,
        surface=surface,
        effects=dict.fromkeys(columns, float("nan")),
        directions=dict.fromkeys(columns, "mixed"),
        kinds=dict.fromkeys(columns, kind),
        units={column: "" for column in columns},
    )


PROCESSES: Mapping[str, Simulator] = {
    "none": none,
    "sensor_shift": sensor_shift,
    "all_sensors_shift": all_sensors_shift,
    "operating_point": operating_point,
    "common_cause": common_cause,
    "assignment": assignment,
    "target_offset": target_offset,
    "machine_state": machine_state,
    "effect_modifier": effect_modifier,
    "step_like": step_like,
    "waveform": waveform,
    "sparse_lots": sparse_lots,
    "drifting_sensors": drifting_sensors,
}
