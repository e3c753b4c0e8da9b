import { useState } from 'react';
import { Refused, type Desk, type Order } from '../desk';
import { NewOrder } from './NewOrder';
import { useOrders } from './useOrders';

/** The newest orders, live, and what can be done with them. */
export function OrderDesk({ desk }: { desk: Desk }) {
  const { orders, more, live, changed, show } = useOrders(desk);
  const [problem, setProblem] = useState<string>();
  const run = async (command: () => Promise<Order>) => {
    try {
      setProblem(undefined);
      show(await command());
    } catch (error) {
      setProblem(error instanceof Refused ? `${error.message} (${error.code})` : String(error));
    }
  };
  return (
    <>
      <header>
        <h1>Order desk</h1>
        <span className={live ? 'state live' : 'state'} role="status">
          {live ? 'Live' : 'Connecting…'}
        </span>
      </header>
      <main>
        <NewOrder desk={desk} onPlace={(input) => run(() => desk.place(input))} />
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <table>
          <thead>
            <tr>
              <th>Order</th>
              <th>Placed</th>
              <th>Goods</th>
              <th className="number">Total</th>
              <th>Status</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {orders.map((order) => (
              <Row
                key={order.id}
                order={order}
                changed={order.id === changed}
                onRun={run}
                desk={desk}
              />
            ))}
          </tbody>
        </table>
        {more && (
          <button type="button" className="more" onClick={() => void more()}>
            More
          </button>
        )}
      </main>
    </>
  );
}

interface RowProps {
  order: Order;
  changed: boolean;
  desk: Desk;
  onRun(command: () => Promise<Order>): Promise<void>;
}

function Row({ order, changed, desk, onRun }: RowProps) {
  const { amount, currency } = order.totals.total;
  return (
    <tr className={changed ? 'changed' : undefined}>
      <td className="id">{order.id.slice(-12)}</td>
      <td>{new Date(order.placedAt).toLocaleString()}</td>
      <td>{order.lines.map((it) => `${it.quantity} × ${it.sku}`).join(', ')}</td>
      <td className="number">
        {amount} {currency}
      </td>
      <td>
        <span className={`status ${order.status}`} title={order.holdReason ?? undefined}>
          {order.status.toLowerCase().replace('_', ' ')}
        </span>
      </td>
      <td>
        {order.status === 'PLACED' && (
          <button
            type="button"
            onClick={() => onRun(() => desk.hold(order.id, 'held at the desk'))}
          >
            Hold
          </button>
        )}
        {order.status === 'ON_HOLD' && (
          <button type="button" onClick={() => onRun(() => desk.release(order.id))}>
            Release
          </button>
        )}
      </td>
    </tr>
  );
}
