import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/** Objects from JSON and back by Jackson, which finds constructors, getters and setters by reflection. */
public class Json {
    public static class Order {
        private String customer;
        private List<Item> items;

        public String getCustomer() { return customer; }
        public void setCustomer(String customer) { this.customer = customer; }
        public List<Item> getItems() { return items; }
        public void setItems(List<Item> items) { this.items = items; }
        public int getTotal() { return items.stream().mapToInt(item -> item.price * item.count).sum(); }
        public void setTotal(int ignored) { }
    }

    public static class Item {
        public int price;
        public int count;
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        System.out.println(mapper.writeValueAsString(mapper.readValue(arguments[0], Order.class)));
    }
}
