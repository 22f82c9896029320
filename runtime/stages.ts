/** What every target needs around its own work: finding a stage, checking its inputs, keeping order, taking turns. */

import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import type { Program, Stage } from '../compiler/program.js';
import { lengthOf } from '../compiler/queries.js';
import { at } from '../dsl/internal.js';
import type { StageInput, TargetError } from './target.js';

/** Element count of a stage input. */
const inputLength = (input: StageInput): number => (typeof input === 'number' ? 1 : input.length);

const inputError = (stage: Stage, input: string, expected: string, actual: string): TargetError => ({
  _tag: 'TargetInputError',
  stage: stage.name,
  input,
  expected,
  actual,
});

const checkInputs = (
  stage: Stage,
  inputs: Readonly<Record<string, StageInput>>,
  lengthOf: (buffer: number) => number,
): E.Either<TargetError, Stage> => {
  for (const name of Object.keys(inputs)) {
    if (!stage.inputs.some((port) => port.name === name)) {
      const known = stage.inputs.map((port) => port.name).join(', ');
      return E.left(inputError(stage, name, `one of: ${known || '(none)'}`, 'an unknown name'));
    }
  }
  for (const port of stage.inputs) {
    const input = inputs[port.name];
    const expected = `${lengthOf(port.buffer)} elements, shape [${port.shape.join(', ')}]`;
    if (input === undefined) return E.left(inputError(stage, port.name, expected, 'nothing'));
    if (inputLength(input) !== lengthOf(port.buffer))
      return E.left(inputError(stage, port.name, expected, `${inputLength(input)} elements`));
  }
  return E.right(stage);
};

/** What admits the runs of one executable. */
export interface StageGate {
  /** The stage, if it exists, its inputs fit and every earlier stage has been run. Its results and later ones are stale. */
  readonly admit: (name: string, inputs: Readonly<Record<string, StageInput>>) => E.Either<TargetError, Stage>;
  /** The stage has been run to its end: later ones may read its results. A run that fails leaves none. */
  readonly done: (stage: Stage) => void;
}

/** The gate of an executable. Its only state is how many stages are ready. */
export const stageGate = (program: Program): StageGate => {
  let ready = 0;
  const admit: StageGate['admit'] = (name, inputs) => {
    const position = program.stages.findIndex((stage) => stage.name === name);
    const stage = program.stages[position];
    if (stage === undefined) {
      const known = program.stages.map((s) => s.name).join(', ');
      return E.left({ _tag: 'StageError', stage: name, expected: `expected one of the stages ${known}` });
    }
    if (position > ready) {
      const missing = at(program.stages, ready, 'stageGate').name;
      return E.left({ _tag: 'StageError', stage: name, expected: `stage ${missing} has to be run first` });
    }
    const checked = checkInputs(stage, inputs, (buffer) => lengthOf(program.buffers, buffer));
    if (E.isRight(checked)) ready = position;
    return checked;
  };
  const done: StageGate['done'] = (stage) => {
    ready = 1 + program.stages.indexOf(stage);
  };
  return { admit, done };
};

/** A turnstile: tasks given to it run one after the other, in the order in which they were started. */
export const turnstile = (): (<Failure, A>(task: TE.TaskEither<Failure, A>) => TE.TaskEither<Failure, A>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => () => {
    const turn = last.then(task, task);
    last = turn.catch(() => undefined);
    return turn;
  };
};
