import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { defaultStage, formatNames, stageNames } from '../../cli/inspectOptions.js';
import { inspectableGraphs } from '../../optim/index.js';
import { sourceLanguages } from '../../runtime/index.js';
import { compile } from '../dsl/typescript.js';

describe('docs/inspecting.md', () => {
  const text = readFileSync('docs/inspecting.md', 'utf8');

  it('names every graph, stage, format and source', () => {
    for (const name of [...inspectableGraphs, ...stageNames, ...sourceLanguages])
      expect(text, name).to.match(new RegExp(`\\b${name}\``));
    for (const name of formatNames) expect(text, name).to.match(new RegExp(`\\b${name}\\b`));
    expect(text).to.include(`\`--stage ${defaultStage}\` (default)`);
  });

  const [, program = ''] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];

  it('shows a program whose types hold against the built package', () => {
    const paths = {
      'sgn.js': [resolve('dist/index.d.ts')],
      'sgn.js/compiler': [resolve('dist/compiler/index.d.ts')],
      'sgn.js/explorer': [resolve('dist/web/index.d.ts')],
      'fp-ts/*': [resolve('node_modules/fp-ts/*')],
    };
    expect(program).to.include('explorerPage');
    expect(compile(program, { types: ['node'], paths }).output).to.equal('');
  }).timeout(60_000);

  it('shows a program that runs against the built package', () => {
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(printed).to.match(/linearize: \d+ kernels/);
    expect(printed).to.match(/_tag: 'Right'[\s\S]*<!doctype html>/);
  });
});
