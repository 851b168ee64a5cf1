export interface Slope {
  /** MB an hour. */
  readonly slope: number;
  /** 95 of 100 intervals like this one hold the true slope. */
  readonly interval: readonly [low: number, high: number];
  /** MB at the begin and the end of the line. */
  readonly from: number;
  readonly to: number;
}

export type Sample = readonly [hours: number, mb: number];

const WINDOWS = 20;
/** Student's t, 18 degrees of freedom, 97.5 %. */
const T = 2.101;

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** The lowest of each of 20 windows: what a collection that is due would free is no growth. */
export function envelope(samples: readonly Sample[]): Sample[] {
  const [first, last] = [samples[0]![0], samples.at(-1)![0]];
  const lowest: (Sample | undefined)[] = Array.from({ length: WINDOWS });
  for (const sample of samples) {
    const window = Math.min(WINDOWS - 1, Math.floor(((sample[0] - first) / (last - first)) * WINDOWS));
    if (sample[1] < (lowest[window]?.[1] ?? Infinity)) lowest[window] = sample;
  }
  return lowest.filter((sample) => sample !== undefined);
}

/** The straight line through the envelope. Neighbours resemble each other, which makes the interval wider (lag-1 autocorrelation). */
export function slopeOf(samples: readonly Sample[]): Slope {
  const low = envelope(samples);
  if (low.length < WINDOWS) throw new Error(`${samples.length} samples are too few for ${WINDOWS} windows`);
  const [x, y] = [mean(low.map(([hours]) => hours)), mean(low.map(([, mb]) => mb))];
  const spread = low.reduce((sum, [hours]) => sum + (hours - x) ** 2, 0);
  const slope = low.reduce((sum, [hours, mb]) => sum + (hours - x) * (mb - y), 0) / spread;
  const off = low.map(([hours, mb]) => mb - y - slope * (hours - x));
  const square = off.reduce((sum, one) => sum + one ** 2, 0);
  const alike = square === 0 ? 0 : Math.max(0, off.slice(1).reduce((sum, one, at) => sum + one * off[at]!, 0) / square);
  const error = Math.sqrt((square / (low.length - 2) / spread) * ((1 + alike) / (1 - alike)));
  const at = (hours: number): number => y + slope * (hours - x);
  return { slope, interval: [slope - T * error, slope + T * error], from: at(low[0]![0]), to: at(low.at(-1)![0]) };
}
