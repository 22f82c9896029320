/** The case table as tests. */
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { showTargetError, type Target, type TargetError, type TargetName } from '../../runtime/target.js';
import { compareToInterpreter } from './compare.js';
import { programCases } from './programs.js';

/** One test per case, inside a `describe`; every case asserts that it is this target, which refuses kernels that ran elsewhere. */
export const runTable = (name: TargetName, open: TE.TaskEither<TargetError, Target>): void => {
  const opened: Target[] = [];

  before(async () => {
    const target = await open();
    if (E.isLeft(target)) throw new Error(showTargetError(target.left));
    opened.push(target.right);
  });

  after(() => {
    for (const target of opened) target.dispose();
  });

  for (const programCase of programCases)
    it(programCase.name, async () => {
      expect(opened.map((target) => target.name)).to.deep.equal([name]);
      for (const target of opened) expect(await compareToInterpreter(target, programCase)).to.deep.equal([]);
    });
};
