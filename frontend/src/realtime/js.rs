//! The browser's objects, called by their names.
//!
//! A typed import of each would stand in the glue that every visitor downloads; these names come with their chunk.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

pub fn window() -> JsValue {
    leptos::prelude::window().into()
}

/// A property; `undefined` where there is none.
pub fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

pub fn text(of: &JsValue, name: &str) -> Option<String> {
    get(of, name).as_string()
}

pub fn put(of: &JsValue, name: &str, value: JsValue) {
    // A frozen object stays as it is.
    let _ = Reflect::set(of, &name.into(), &value);
}

/// Calls a method.
pub fn call(of: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = get(of, name).dyn_into()?;
    method.apply(of, &list(arguments))
}

/// `new Class(…)`
pub fn make(class: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let class: Function = get(&window(), class).dyn_into()?;
    Reflect::construct(&class, &list(arguments))
}

/// Runs `act` at each event of that name, for as long as the object lives.
pub fn on(of: &JsValue, event: &str, act: impl FnMut(JsValue) + 'static) {
    // An object without events has none to miss.
    let _ = call(of, "addEventListener", &[event.into(), function(act)]);
}

/// Runs `act` at the first event of any of these names.
pub fn once(of: &JsValue, events: &[&str], act: impl FnOnce(JsValue) + 'static) {
    let act = std::rc::Rc::new(std::cell::RefCell::new(Some(act)));
    for event in events {
        let act = act.clone();
        on(of, event, move |event| {
            let first = act.borrow_mut().take();
            if let Some(act) = first {
                act(event);
            }
        });
    }
}

/// A function for the browser, which frees it when nobody holds it any more.
pub fn function(act: impl FnMut(JsValue) + 'static) -> JsValue {
    Closure::<dyn FnMut(JsValue)>::new(act).into_js_value()
}

pub fn list(values: &[JsValue]) -> Array {
    let list = Array::new();
    for value in values {
        list.push(value);
    }
    list
}
