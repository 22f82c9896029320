/** Training one run of a study, on a screen that shows how far the whole has come. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { OptimizerState, Outcome, Run, Start } from '../optim/index.js';
import { chooseTarget, showTargetError } from '../runtime/index.js';
import type { Interrupted } from './interrupt.js';
import { endingLine, epochLine } from './render.js';
import { type KeptResult, type RunFolder, trainKept } from './training.js';
import type { View } from './view.js';

/** A step of a session: what it gives, or one line that says what is wrong and what to do. */
type Step<A> = TE.TaskEither<string, A>;

/** How a run is shown. */
export interface Shown {
  readonly title: string;
  /** Runs before this one, and all of them. */
  readonly before: number;
  readonly total: number;
  readonly view: View;
  readonly interrupted: Interrupted;
}

/** The share of a run's budget that is used, in epochs or in seconds, whichever is more. */
const usedShare = (settings: Run['settings'], epochs: number, seconds: number): number =>
  Math.min(Math.max(epochs / settings.epochs, seconds / (settings.seconds ?? Number.POSITIVE_INFINITY)), 1);

/** Trains one run on a target of its own, so that nothing of an earlier run is left in memory. */
export const trainOne = (
  made: Omit<Run, 'target'>,
  folder: RunFolder,
  start: Start,
  { saveEvery }: { readonly saveEvery: number },
  shown: Shown,
): Step<KeptResult> =>
  TE.bracket(
    pipe(
      chooseTarget(made.settings.target),
      TE.mapLeft(showTargetError),
      TE.map(({ target }) => target),
    ),
    (target) => {
      const { title, before, total, view, interrupted } = shown;
      const from = start._tag === 'Snapshot' ? start.snapshot : { history: [], seconds: 0 };
      const started = performance.now() - 1000 * from.seconds;
      let completed = from.history.length;
      return trainKept(
        { ...made, target },
        {
          folder,
          start,
          saveEvery,
          interrupted: () => interrupted() !== undefined,
          onStep: (report, done, steps) => () => {
            const used = usedShare(made.settings, completed + done / steps, (performance.now() - started) / 1000);
            view.share(title, (before + used) / total, `epoch ${completed + 1}  loss ${report.loss.toPrecision(4)}`);
          },
          onEpoch: (_, { history }) => {
            completed = history.length;
          },
          onUnwritten: (problem) =>
            view.line(`${title}  ${problem}; the run goes on and tries again after every epoch`),
        },
      );
    },
    (target) => TE.fromIO(target.dispose),
  );

/** How a run of a study ended, in one line. */
export const resultLine = ({ progress, ending }: Outcome<OptimizerState>): string => {
  const last = progress.history.at(-1);
  const reached = last === undefined ? '' : `${epochLine(last)}  `;
  return ending._tag === 'Epochs' || ending._tag === 'Seconds'
    ? reached.trimEnd()
    : `${reached}${endingLine(ending, 'what was reached is kept')}`;
};
