import type { CodegenConfig } from '@graphql-codegen/cli';

// Types for the documents in src, from the part of the schema that role commerce may use.
const config: CodegenConfig = {
  schema: '../../contracts/commerce.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // A scalar that is not named here is an error, not `any`. Numbers that a JavaScript number
        // cannot hold stay text: nothing is rounded on the way.
        strictScalars: true,
        scalars: {
          BigInt: 'string',
          CurrencyCode: 'string',
          Date: 'string',
          DateTime: 'string',
          Decimal: 'string',
          ID: 'string',
        },
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
