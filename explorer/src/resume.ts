import {
  getOperationAST,
  Kind,
  parse,
  print,
  visit,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
} from 'graphql';

export interface Request {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

/** Where a subscription may start; a cursor takes the place of all of them. */
const STARTS = ['after', 'position', 'snapshot'];

/** The request of a subscription that goes on after a cursor. */
export function after(request: Request, cursor: string): Request {
  const document = parse(request.query);
  const operation = getOperationAST(document, request.operationName);
  const root = operation?.selectionSet.selections.find((it) => it.kind === Kind.FIELD);
  if (!operation || !root) return request;
  const query = print(withoutUnusedVariables(startAfter(document, root, cursor), operation));
  return { ...request, query };
}

function startAfter(document: DocumentNode, root: FieldNode, cursor: string): DocumentNode {
  const rest = root.arguments?.filter((it) => !STARTS.includes(it.name.value)) ?? [];
  const start = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'after' },
    value: { kind: Kind.STRING, value: cursor },
  } as const;
  return visit(document, {
    Field: (node) => (node === root ? { ...node, arguments: [...rest, start] } : undefined),
  });
}

/** A variable that named the first start is not used any more, and may not be declared then. */
function withoutUnusedVariables(
  document: DocumentNode,
  { name }: OperationDefinitionNode,
): DocumentNode {
  const used = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void used.add(node.name.value),
  });
  return visit(document, {
    OperationDefinition(node) {
      if (node.name?.value !== name?.value) return undefined;
      const kept = node.variableDefinitions?.filter((it) => used.has(it.variable.name.value));
      return { ...node, variableDefinitions: kept };
    },
  });
}
