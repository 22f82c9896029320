/** Expressions that only re-index their operand. They never become kernels of their own unless something asks. */
import { at } from '../../dsl/internal.js';
import type { Expr, NodeOf } from '../../dsl/node.js';

/** The primitives that re-index one operand. */
export type ViewNode = NodeOf<'broadcast' | 'transpose' | 'reshape' | 'slice' | 'pad' | 'window'>;

const viewOps: ReadonlySet<string> = new Set(['broadcast', 'transpose', 'reshape', 'slice', 'pad', 'window']);

/** Is the node a view? */
export const isView = (node: Expr['node']): node is ViewNode => viewOps.has(node.op);

/** Buffers that exist without a kernel: inputs, loop variables and loop results. */
export const isLeafBuffer = ({ node }: Expr): boolean =>
  node.op === 'input' || node.op === 'variable' || node.op === 'result';

/** Numbers that kernels hold as constants or indices. */
export const isConstant = ({ node }: Expr): boolean =>
  node.op === 'literal' || node.op === 'size' || node.op === 'iota';

/**
 * How the axes of a reshape correspond: groups of consecutive operand axes and result axes with equal products of
 * extents. A group with one operand axis only is a *split*, which an affine index can express.
 */
export const reshapeGroups = (
  operand: readonly number[],
  result: readonly number[],
): readonly { readonly operandAxes: readonly number[]; readonly resultAxes: readonly number[] }[] => {
  const groups: { operandAxes: number[]; resultAxes: number[] }[] = [];
  let [i, j] = [0, 0];
  while (i < operand.length || j < result.length) {
    const group = { operandAxes: [] as number[], resultAxes: [] as number[] };
    let [left, right] = [1, 1];
    const takeOperand = () => {
      group.operandAxes.push(i);
      left *= at(operand, i++, 'reshapeGroups');
    };
    const takeResult = () => {
      group.resultAxes.push(j);
      right *= at(result, j++, 'reshapeGroups');
    };
    if (i < operand.length) takeOperand();
    else takeResult();
    while (left !== right || (group.resultAxes.length === 0 && j < result.length)) {
      if (left < right && i < operand.length) takeOperand();
      else if (j < result.length) takeResult();
      else if (i < operand.length) takeOperand();
      else break;
    }
    groups.push(group);
  }
  return groups;
};

/** Can the operand be indexed affinely through the reshape, without knowing how it is stored? */
export const isSplit = (operand: readonly number[], result: readonly number[]): boolean =>
  reshapeGroups(operand, result).every(
    ({ operandAxes }) => operandAxes.filter((axis) => operand[axis] !== 1).length <= 1,
  );
