/** Every case of the table, on every target that runs in Node, against the float64 interpreter. */
import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import type * as TE from 'fp-ts/lib/TaskEither.js';
import { gpujsTarget } from '../../../runtime/gpujs/target.js';
import { showTargetError, type Target, type TargetError } from '../../../runtime/target.js';
import { compareToInterpreter } from '../../cases/compare.js';
import { programCases } from '../../cases/programs.js';
import { describeOnSwiftShader } from './swiftShader.js';

/** The table on one target; every case asserts that it is this target, which refuses kernels that ran elsewhere. */
const runTable = (name: string, open: TE.TaskEither<TargetError, Target>): void => {
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

describe('programs on gpujs:cpu', () => runTable('gpujs:cpu', gpujsTarget('cpu')));

describe('programs on gpujs:webasm', () => runTable('gpujs:webasm', gpujsTarget('webasm')));

describeOnSwiftShader('programs on gpujs:webgpu', () => runTable('gpujs:webgpu', gpujsTarget('webgpu')));
