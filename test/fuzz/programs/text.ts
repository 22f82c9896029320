/** A program as the text of a module that builds its expressions from primitives. */
import { postorder } from '../../../dsl/expr.js';
import type { Expr, Node } from '../../../dsl/node.js';
import type { RandomProgram } from './generate.js';

const json = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

const numberText = (value: number): string =>
  Number.isFinite(value) && !Object.is(value, -0)
    ? String(value)
    : Object.is(value, -0)
      ? '-0'
      : Number.isNaN(value)
        ? 'Number.NaN'
        : `${value < 0 ? '-' : ''}Number.POSITIVE_INFINITY`;

const nodeText = (node: Node, of: (expr: Expr) => string): string => {
  const list = (exprs: readonly Expr[]): string => `[${exprs.map(of).join(', ')}]`;
  switch (node.op) {
    case 'literal':
      return `p.literal(${numberText(node.value)})`;
    case 'size':
      return `p.size(${json(node.dim)})`;
    case 'iota':
      return `p.iota(${json(node.dim)})`;
    case 'input':
    case 'parameter':
      return `${node.op}(${json(node.name)}, ${json(node.shape)})`;
    case 'variable':
      return `freshVariable(${json(node.name)}, ${json(node.shape)})`;
    case 'map':
      return `p.map(${[json(node.fn), ...node.operands.map(of)].join(', ')})`;
    case 'contract':
      return `p.contract(${of(node.left)}, ${json(node.leftLabels)}, ${of(node.right)}, ${json(node.rightLabels)}, ${json(node.output)})`;
    case 'reduce':
      return `p.reduce(${json(node.kind)}, ${of(node.operand)}, ${json(node.axes)})`;
    case 'broadcast':
      return `p.broadcastTo(${of(node.operand)}, ${json(node.shape)}, ${json(node.axes)})`;
    case 'transpose':
      return `p.transpose(${of(node.operand)}, ${json(node.permutation)})`;
    case 'reshape':
      return `p.reshape(${of(node.operand)}, ${json(node.shape)})`;
    case 'slice':
      return `p.slice(${of(node.operand)}, ${node.axis}, ${node.start}, ${node.stop})`;
    case 'pad':
      return `p.pad(${of(node.operand)}, ${node.axis}, ${node.before}, ${node.after})`;
    case 'concat':
      return `p.concat(${list(node.operands)}, ${node.axis})`;
    case 'window':
      return `p.windowed(${of(node.operand)}, ${json(node.windows)})`;
    case 'windowAdjoint':
      return `p.windowAdjoint(${of(node.operand)}, ${json(node.windows)}, ${json(node.shape)})`;
    case 'stopGradient':
      return `p.stopGradient(${of(node.operand)})`;
    case 'iterate':
      return `make({ op: 'iterate', variables: ${list(node.variables)}, initial: ${list(node.initial)}, next: ${list(node.next)}, proceed: ${of(node.proceed)} })`;
    case 'result':
      return `make({ op: 'result', iterate: ${of(node.iterate)}, index: ${node.index} })`;
    case 'invalid':
      return `invalid(${json(node.error)})`;
  }
};

const mostNumbers = 64;

/** The text of a program: its sizes, its inputs with their stages and values, its expressions, its outputs. */
export const programText = ({
  sizes,
  stages,
  inputs,
  outputs,
}: Pick<RandomProgram, 'sizes' | 'stages' | 'inputs' | 'outputs'>): string => {
  const order = postorder(outputs.map(({ expr }) => expr));
  const names = new Map(order.map((expr, i) => [expr, `e${i}`]));
  const of = (expr: Expr): string => names.get(expr) ?? '?';
  const used = inputs.filter(({ expr }) => names.has(expr));
  const numbers = (values: Float64Array): string =>
    `[${[...values.slice(0, mostNumbers)].map(numberText).join(', ')}${values.length > mostNumbers ? ', …' : ''}]`;
  return [
    `// sizes ${json(sizes)}, ${stages} stages`,
    ...order.map((expr) => `const ${of(expr)} = ${nodeText(expr.node, of)}; // [${expr.shape.join(', ')}]`),
    ...used.map(({ name, stage, values }) => `// ${name} arrives in stage ${stage}: ${numbers(values)}`),
    ...outputs.map(({ name, stage, expr }) => `// ${name} = ${of(expr)} leaves stage ${stage}`),
  ].join('\n');
};
