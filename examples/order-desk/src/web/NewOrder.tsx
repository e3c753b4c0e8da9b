import { useEffect, useState } from 'react';
import type { Desk } from '../desk';

type Products = Awaited<ReturnType<Desk['products']>>;
type Input = Parameters<Desk['place']>[0];

/** One product and how many of it. */
export function NewOrder({ desk, onPlace }: { desk: Desk; onPlace(input: Input): Promise<void> }) {
  const [products, setProducts] = useState<Products>([]);
  const [sku, setSku] = useState('');
  const [quantity, setQuantity] = useState('1');
  const [placing, setPlacing] = useState(false);
  useEffect(() => {
    void desk.products().then((products) => {
      setProducts(products);
      setSku(products[0]?.sku ?? '');
    });
  }, [desk]);
  return (
    <form
      className="new"
      onSubmit={async (event) => {
        event.preventDefault();
        setPlacing(true);
        await onPlace({ channel: 'web', lines: [{ sku, quantity }] });
        setPlacing(false);
      }}
    >
      <label>
        Product
        <select value={sku} onChange={(event) => setSku(event.target.value)}>
          {products.map((it) => (
            <option key={it.sku} value={it.sku}>
              {it.title} ({it.prices[0]?.amount} {it.prices[0]?.currency})
            </option>
          ))}
        </select>
      </label>
      <label>
        Units
        <input
          value={quantity}
          inputMode="numeric"
          pattern="[1-9][0-9]*"
          onChange={(event) => setQuantity(event.target.value)}
        />
      </label>
      <button type="submit" disabled={placing || !sku}>
        Place the order
      </button>
    </form>
  );
}
