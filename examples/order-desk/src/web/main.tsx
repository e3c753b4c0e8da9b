import './style.css';
import { createRoot } from 'react-dom/client';
import { Desk } from '../desk';
import { Door } from './Door';
import { OrderDesk } from './OrderDesk';

const TOKEN = 'order-desk:token';
const given = new URLSearchParams(location.hash.slice(1)).get('token');
if (given) {
  sessionStorage.setItem(TOKEN, given);
  history.replaceState(null, '', location.pathname);
}
const token = sessionStorage.getItem(TOKEN);
const root = createRoot(document.getElementById('page')!);
root.render(token ? <OrderDesk desk={new Desk({ url: '', token })} /> : <Door />);
