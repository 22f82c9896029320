/** Programs that documents show, against the built package. */
import { resolve } from 'node:path';
import { compile } from '../dsl/typescript.js';

/** The first program in a document. */
export const programIn = (document: string): string => /```ts\n([\s\S]*?)```/.exec(document)?.[1] ?? '';

/** What the TypeScript compiler says of a program that imports the package by its name: nothing if its types hold. */
export const compileProgram = (program: string): string => {
  const paths = {
    'sgn.js': [resolve('dist/index.d.ts')],
    'sgn.js/compiler': [resolve('dist/compiler/index.d.ts')],
    'sgn.js/explorer': [resolve('dist/web/index.d.ts')],
    'fp-ts/*': [resolve('node_modules/fp-ts/*')],
  };
  return compile(program, { types: ['node'], paths }).output;
};
