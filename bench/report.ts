/** What the benchmark reports. */

/** A peer's time for the same work, and that time over ours. */
export interface PeerResult {
  readonly ratio: number;
  /** Largest difference between its result and ours, relative to the largest element. */
  readonly difference: number;
}

/** One model's numbers. Milliseconds are medians. */
export interface ModelResult {
  readonly name: string;
  /** L(θ). */
  readonly forwardMs: number;
  /** L(θ) and its gradient. */
  readonly gradientMs: number;
  /** Gv. */
  readonly ggnMs: number;
  /** A whole step of SGN with 10 CG iterations, trust region and line search. */
  readonly stepMs: number;
  /** Useful work of the GGN product: 2 per multiply-add, nothing for padding. */
  readonly ggnGflops: number;
  /** The same over the peak. */
  readonly peakShare: number;
  /** From the model to a program that can run: derive, compile, generate code. */
  readonly compileMs: number;
  /** Of the step's program. */
  readonly memoryBytes: number;
  readonly peers: {
    readonly jaxjs?: PeerResult & { readonly ggnMs: number };
    readonly tfjs?: PeerResult & { readonly gradientMs: number };
  };
}

/** All models' numbers, and the peak that they are held against. */
export interface BenchReport {
  readonly threads: number;
  /** GFLOP/s of a plain register-tiled matrix product on these threads. */
  readonly peakGflops: number;
  readonly models: readonly ModelResult[];
}

const number = (value: number, digits: number): string => value.toFixed(digits).padStart(9);

/** The report as a table for people. */
export const showReport = ({ threads, peakGflops, models }: BenchReport): string => {
  const header = [
    'forward',
    'gradient',
    'GGN·v',
    'step',
    'GFLOP/s',
    '% of peak',
    'compile',
    'MiB',
    '× jax-js',
    '× tfjs',
  ];
  const rows = models.map(({ name, peers, ...model }) =>
    [
      name.padEnd(10),
      number(model.forwardMs, 3),
      number(model.gradientMs, 3),
      number(model.ggnMs, 3),
      number(model.stepMs, 2),
      number(model.ggnGflops, 1),
      number(100 * model.peakShare, 0),
      number(model.compileMs, 0),
      number(model.memoryBytes / 2 ** 20, 1),
      peers.jaxjs === undefined ? '-'.padStart(9) : number(peers.jaxjs.ratio, 1),
      peers.tfjs === undefined ? '-'.padStart(9) : number(peers.tfjs.ratio, 1),
    ].join(' '),
  );
  return [
    `${threads} ${threads === 1 ? 'thread' : 'threads'}; a plain matrix product reaches ${peakGflops.toFixed(1)} GFLOP/s; times in ms, medians`,
    [''.padEnd(10), ...header.map((title) => title.padStart(9))].join(' '),
    ...rows,
  ].join('\n');
};
