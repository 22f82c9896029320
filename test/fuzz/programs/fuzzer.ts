/** The fuzzer of programs: every operation, on every target that needs no device, against the reference. */
import * as E from 'fp-ts/lib/Either.js';
import { postorder } from '../../../dsl/expr.js';
import type { Fuzzer } from '../fuzzer.js';
import { checkProgram, restrictedTo } from './check.js';
import { type RandomProgram, randomProgram } from './generate.js';
import { type Machine, openMachines } from './machines.js';
import { programText } from './text.js';

type Part = Parameters<typeof programText>[0];

const failureOf = async (program: Part, machines: readonly Machine[]): Promise<string | undefined> => {
  try {
    const judged = await checkProgram(program, machines);
    return E.isLeft(judged) ? judged.left : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const mostParts = 150;

/** The first expression below the outputs that alone goes wrong as well, as a program of its own. */
const smallestPart = async (program: RandomProgram, machines: readonly Machine[]): Promise<Part> => {
  const bound = new Set(
    postorder(program.outputs.map(({ expr }) => expr)).flatMap(({ node }) =>
      node.op === 'iterate' ? node.variables : [],
    ),
  );
  const free = postorder(program.outputs.map(({ expr }) => expr)).filter(
    (expr) => expr.node.op !== 'iterate' && !postorder([expr], (e) => e.node.op === 'result').some((e) => bound.has(e)),
  );
  for (const expr of free.slice(0, mostParts)) {
    const part = restrictedTo(program, expr);
    if ((await failureOf(part, machines)) !== undefined) return part;
  }
  return program;
};

/** Random programs. Opens its targets with the first case. */
export const programs = (): Fuzzer => {
  let opened: Promise<readonly Machine[]> | undefined;
  const machines = (): Promise<readonly Machine[]> => {
    opened = opened ?? openMachines();
    return opened;
  };
  return {
    name: 'programs',
    run: async (seed) => {
      const program = randomProgram(seed);
      const all = await machines();
      const judged = await checkProgram(program, all).catch((error) =>
        E.left(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      );
      if (E.isRight(judged)) return E.right([...judged.right, ...program.covered]);
      const part = await smallestPart(program, all);
      const reason = await failureOf(part, all);
      return E.left(`${judged.left}\nin part: ${reason ?? 'only as a whole'}\n${programText(part)}`);
    },
    close: async () => {
      for (const { target } of (await opened) ?? []) target.dispose();
    },
  };
};
