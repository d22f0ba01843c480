/// Ten replicas at 97 percent, between thresholds of 40 and 80 percent, and at most twelve.
fn decide() -> Result<Decision, Box<dyn std::error::Error>> {
    let bounds = Bounds::new(2, 12)?;
    let band = threshold::Thresholds::new(0.4, 0.8)?;
    let config = threshold::Config::new(Bounds::new(0, 1_000)?, band).resource("cpu").resource("memory");
    let mut scaler = Autoscaler::builder()
        .recommend(threshold::Recommender::new(config.check()?)?)
        .restrain(Cooldown::new(Duration::ZERO, Duration::from_secs(300)))
        .bounds(bounds)
        .build()?;
    let now = Timestamp::from_millis(1_700_000_000_000);
    let snapshot = Snapshot::at(now).replicas(10).value("cpu", 0.97)?;
    Ok(scaler.decide(&snapshot))
}
